"""A shell of the simulation: enough of POSIX ``sh``, as busybox has it, for the scripts of tests and examples.

It knows lists (``;``, newline, ``&&``, ``||``, ``&``), pipelines, groups and subshells, ``if``, ``while``, ``until``, ``for``,
``case``, redirections and here-documents, quoting, parameter, command and arithmetic expansion, pathname patterns, and the
built-in commands of `podkit.runtime.simulated.shell.builtins`. A script is read as a whole before anything of it is done: what
the shell does not understand, such as a function, ends it at once with exit code 127 and a message that says so.

The parts of a pipeline run one after the other, each to its end, so that one that never ends keeps the next from ever beginning.
"""

from podkit.runtime.simulated.shell.interpreter import sh

__all__ = ["sh"]
