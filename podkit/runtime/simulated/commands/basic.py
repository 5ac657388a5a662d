"""Commands that say something, wait, or decide."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from podkit.runtime.simulated.commands.options import Failed, UnknownOption, command, split
from podkit.runtime.simulated.process import Invocation, Pause, Program, Run

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|.)", re.DOTALL)
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_CONVERSION = re.compile(r"%(?:%|([-+ 0#]*\d*(?:\.\d+)?)([sdiuxXocfb]))")


def true(_call: Invocation) -> int:
    """``true``."""
    return 0


def false(_call: Invocation) -> int:
    """``false``."""
    return 1


def echo(call: Invocation) -> int:
    """``echo [-n] [-e] TEXT…``."""
    words, flags = list(call.argv[1:]), set[str]()
    while words and re.fullmatch(r"-[neE]+", words[0]):
        flags |= set(words.pop(0)[1:])
    text = " ".join(words)
    call.print(_unescaped(text) if "e" in flags else text, "" if "n" in flags else "\n")
    return 0


def _unescaped(text: str) -> str:
    def meaning(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "x" and len(code) > 1:
            return bytes([int(code[1:], 16)]).decode("utf-8", "surrogateescape")
        if code[0] in "01234567":
            return bytes([int(code, 8) & 0xFF]).decode("utf-8", "surrogateescape")
        return _ESCAPES.get(code, found[0])

    return _ESCAPE.sub(meaning, text)


def printf(call: Invocation) -> int:
    """``printf FORMAT ARGUMENT…``: the format is used again until all arguments are."""
    if len(call.argv) < 2:
        raise Failed("usage: printf FORMAT [ARG]...")
    template, arguments = _unescaped(call.argv[1]), list(call.argv[2:])
    written, once = "", True
    while once or arguments:
        before = len(arguments)
        written += _CONVERSION.sub(lambda found: _converted(found, arguments), template)
        once = False
        if len(arguments) == before:
            break
    call.print(written, "")
    return 0


def _converted(found: re.Match[str], arguments: list[str]) -> str:
    if found[0] == "%%":
        return "%"
    argument = arguments.pop(0) if arguments else ""
    flags, kind = found[1], found[2]
    if kind in "sb":
        return f"%{flags}s" % (_unescaped(argument) if kind == "b" else argument)
    if kind == "c":
        return argument[:1]
    try:
        number = float(argument or 0) if kind == "f" else int(argument or "0", 0)
    except ValueError:
        raise Failed(f"invalid number '{argument}'") from None
    return f"%{flags}{'d' if kind in 'iu' else kind}" % number


@command
def sleep(call: Invocation) -> Run:
    """``sleep NUMBER[smhd]…``."""
    if len(call.argv) < 2:
        raise Failed("missing operand")
    seconds = sum(_duration(text) for text in call.argv[1:])
    yield Pause(seconds)
    return 0


def _duration(text: str) -> float:
    if text in {"inf", "infinity"}:
        return math.inf
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([smhd]?)", text)
    if found is None:
        raise Failed(f"invalid number '{text}'")
    return float(found[1]) * _UNITS[found[2]]


def env(call: Invocation) -> int:
    """``env`` and ``printenv``: the environment, or some of it."""
    names = call.argv[1:]
    if call.argv[0].endswith("printenv") and names:
        for name in names:
            if name in call.env:
                call.print(call.env[name])
        return int(any(name not in call.env for name in names))
    if names:
        raise UnknownOption("the simulation knows env only without arguments")
    for name, value in call.env.items():
        call.print(f"{name}={value}")
    return 0


def pwd(call: Invocation) -> int:
    """``pwd``."""
    call.print(call.working_dir)
    return 0


def hostname(call: Invocation) -> int:
    """``hostname``."""
    split(list(call.argv[1:]), "")
    call.print(call.shared.hostname)
    return 0


def user_id(call: Invocation) -> int:
    """``id [-u|-g]``."""
    options, _ = split(list(call.argv[1:]), "ug")
    user, group = call.shared.user
    if options:
        call.print(str(user if "u" in options else group))
    else:
        call.print(f"uid={user} gid={group} groups={group}")
    return 0


def date(call: Invocation) -> int:
    """``date [-u] [+FORMAT]``, in UTC."""
    _, operands = split(list(call.argv[1:]), "u")
    template = operands[0] if operands else "+%a %b %e %H:%M:%S UTC %Y"
    if not template.startswith("+"):
        raise UnknownOption("the simulation knows date only with a format")
    now = call.process.now()
    call.print(
        now.strftime(template[1:].replace("%s", str(int(now.timestamp()))).replace("%N", f"{now.microsecond:06d}000"))
    )
    return 0


def test(call: Invocation) -> int:
    """``test EXPRESSION``, or ``[ EXPRESSION ]``."""
    words = list(call.argv[1:])
    if call.argv[0] == "[" and (not words or words.pop() != "]"):
        raise Failed("missing ]", 2)
    expression = _Expression(words, call)
    value = expression.alternatives() if words else False
    if expression.words:
        raise Failed(f"{expression.words[0]}: unknown operand", 2)
    return int(not value)


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}
_FILE_TESTS: dict[str, Callable[[Invocation, str], bool]] = {
    "-e": lambda call, path: call.files.exists(path),
    "-f": lambda call, path: call.files.is_file(path),
    "-d": lambda call, path: call.files.is_dir(path),
    "-s": lambda call, path: call.files.is_file(path) and bool(call.files.read(path)),
    "-r": lambda call, path: call.files.exists(path),
    "-w": lambda call, path: call.files.exists(path) and not call.files.read_only(path),
    "-x": lambda call, path: call.files.is_dir(path) or call.files.executable(path),
}


class _Expression:
    """What ``test`` decides, by recursive descent."""

    def __init__(self, words: list[str], call: Invocation) -> None:
        self.words = words
        self._call = call

    def alternatives(self) -> bool:
        value = self._conjunction()
        while self.words and self.words[0] == "-o":
            self.words.pop(0)
            value = self._conjunction() or value
        return value

    def _conjunction(self) -> bool:
        value = self._primary()
        while self.words and self.words[0] == "-a":
            self.words.pop(0)
            value = self._primary() and value
        return value

    def _primary(self) -> bool:
        if not self.words:
            raise Failed("argument expected", 2)
        word = self.words.pop(0)
        if self.words and (self.words[0] in {"=", "==", "!="} or self.words[0] in _COMPARISONS):
            return self._comparison(word)
        if word == "!":
            return not self._primary()
        if self.words and word in {"-n", "-z"}:
            return (self.words.pop(0) != "") == (word == "-n")
        if self.words and word in _FILE_TESTS:
            return _FILE_TESTS[word](self._call, self._call.path(self.words.pop(0)))
        if word.startswith("-") and self.words:
            raise UnknownOption(f"the simulation does not know the test {word}")
        return word != ""

    def _comparison(self, left: str) -> bool:
        operator = self.words.pop(0)
        if not self.words:
            raise Failed(f"{operator}: argument expected", 2)
        right = self.words.pop(0)
        if operator in _COMPARISONS:
            return _COMPARISONS[operator](_number(left), _number(right))
        return (left == right) != (operator == "!=")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Failed(f"{text}: bad number", 2) from None


def seq(call: Invocation) -> int:
    """``seq [FIRST [STEP]] LAST``."""
    _, operands = split(list(call.argv[1:]), "")
    try:
        numbers = [int(operand) for operand in operands]
    except ValueError:
        raise Failed(f"invalid number among {' '.join(operands)}") from None
    if not 1 <= len(numbers) <= 3:
        raise Failed("usage: seq [FIRST [INC]] LAST")
    first, step, last = {1: [1, 1, *numbers], 2: [numbers[0], 1, numbers[-1]], 3: numbers}[len(numbers)]
    if step:
        for number in range(first, last + (1 if step > 0 else -1), step):
            call.print(str(number))
    return 0


def uname(call: Invocation) -> int:
    """``uname [-s|-n]``."""
    options, _ = split(list(call.argv[1:]), "sn")
    call.print(call.shared.hostname if options == {"n"} else "Linux")
    return 0


BASIC: dict[str, Program] = {
    "[": command(test),
    "date": command(date),
    "echo": echo,
    "env": command(env),
    "false": false,
    "hostname": command(hostname),
    "id": command(user_id),
    "printenv": command(env),
    "printf": command(printf),
    "pwd": pwd,
    "seq": command(seq),
    "sleep": sleep,
    "test": command(test),
    "true": true,
    "uname": command(uname),
}
