"""What the simulation does not know, it says; it never does something else instead."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podkit.errors import RuntimeFailed, StartFailed
from podkit.runtime.simulated.shell.arithmetic import evaluate
from podkit.runtime.simulated.shell.parser import parse
from podkit.runtime.simulated.shell.syntax import Script
from podkit.runtime.simulated.shell.words import NotUnderstood
from tests.unit.runtime.simulated.bench import Bench

UNKNOWN_COMMANDS = ["wget -qO- http://web", "curl web", "chmod +x /tmp/f", "./run", "/opt/app --flag", "ln -s a b"]
UNKNOWN_OPTIONS = [
    "ls -l",
    "cat -n /etc/passwd",
    "tail -f /etc/passwd",
    "grep -r x /",
    "grep 'a\\+' /etc/passwd",
    "grep '(' /etc/passwd",
    "sort -k2",
    "touch -d yesterday f",
    "date -d tomorrow",
    "date -s now",
    "test -L /etc/passwd",
    "env -i true",
    "wc /etc/passwd",
    "set -o vi",
    "head -c 3",
    "shift x",
    ". ",
]
NOT_UNDERSTOOD = [
    "f() { echo hi; }",
    "echo 'open",
    'echo "open',
    "echo `open",
    "echo $(open",
    "echo $((1 + ",
    "echo ${open",
    "if true; then",
    "for i in a; do",
    "while true",
    "case x in",
    "{ echo",
    "( echo",
    "echo )",
    "fi",
    "&& true",
    "true &&",
    "| cat",
    "echo >",
    "echo 3>&1",
    "cat <<EOF\nno end",
    "echo ${x/a/b}",
    "cat <&3",
    ";; echo",
]


@pytest.mark.parametrize("script", UNKNOWN_COMMANDS)
def test_a_command_that_is_not_known_ends_with_127(bench: Bench, script: str) -> None:
    exit_code, output = bench.run("sh", "-c", script)
    assert exit_code == 127
    assert "the simulation does not know this command" in output


@pytest.mark.parametrize("script", UNKNOWN_OPTIONS)
def test_an_option_that_is_not_known_ends_with_127(bench: Bench, script: str) -> None:
    exit_code, output = bench.run("sh", "-c", script)
    assert exit_code == 127
    assert "simulation" in output


@pytest.mark.parametrize("script", NOT_UNDERSTOOD)
def test_a_script_that_is_not_understood_is_not_begun(bench: Bench, script: str) -> None:
    exit_code, output = bench.run("sh", "-c", f"echo begun\n{script}")
    assert exit_code == 127
    assert "does not understand" in output
    assert "begun" not in output


def test_a_first_command_that_is_not_known_cannot_be_started(bench: Bench) -> None:
    with pytest.raises(StartFailed, match=r"'nginx' not found.*simulation knows .*echo.*programs="):
        bench.start("nginx")


def test_a_program_that_would_never_end_is_ended(bench: Bench) -> None:
    exit_code, output = bench.run("sh", "-c", "while true; do :; done")
    assert exit_code == 127
    assert "would never end" in output


def test_a_loop_that_lets_time_pass_goes_on(bench: Bench) -> None:
    container_id = bench.start("sh", "-c", "i=0; while true; do sleep 0.01; i=$((i + 1)); echo $i > /tmp/i; done")
    bench.clock.advance(20)
    assert int(bench.runtime.exec(container_id, ["cat", "/tmp/i"]).stdout) in range(1_999, 2_002)


def test_a_command_that_never_ends_needs_a_timeout(bench: Bench) -> None:
    container_id = bench.start("sleep", "60")
    with pytest.raises(RuntimeFailed, match="never end"):
        bench.runtime.exec(container_id, ["sleep", "inf"])
    assert bench.runtime.exec(container_id, ["sleep", "inf"], timeout=1).exit_code is None
    assert bench.clock.monotonic() == 0


def test_a_command_takes_no_time_but_knows_how_long_it_takes(bench: Bench) -> None:
    container_id = bench.start("sleep", "60")
    script = "a=$(date +%s); sleep 5 & sleep 2; wait; echo $(($(date +%s) - a))"
    assert bench.runtime.exec(container_id, ["sh", "-c", script]).stdout == b"5\n"
    assert bench.clock.monotonic() == 0


def test_a_command_that_leaves_something_running_has_failed(bench: Bench) -> None:
    result = bench.runtime.exec(bench.start("sleep", "60"), ["sh", "-c", "sleep 5 & echo ok"])
    assert result.exit_code == 127
    assert b"background" in result.stderr


def test_what_runs_in_the_background_ends_with_its_container(bench: Bench) -> None:
    container_id = bench.start("sh", "-c", "(sleep 5; echo late) & sleep 1")
    bench.clock.advance(60)
    assert bench.output(container_id) == ""


@pytest.mark.parametrize(
    ("script", "exit_code"),
    [("(exit 3)", 3), ("exit 3 | true", 0), ("set -o pipefail; false | true", 1), ("! (exit 2)", 0), ("", 0)],
)
def test_exit_codes(bench: Bench, script: str, exit_code: int) -> None:
    assert bench.run("sh", "-c", script)[0] == exit_code


def test_a_subshell_has_traps_of_its_own(bench: Bench) -> None:
    container_id = bench.start(
        "sh", "-c", "trap 'echo outer; exit 2' TERM; (trap 'echo inner' EXIT; true); sleep 9 & wait"
    )
    assert bench.output(container_id) == "inner\n"
    bench.runtime.signal_container(container_id, "SIGTERM")
    assert bench.output(container_id) == "inner\nouter\n"


def test_home_is_what_a_tilde_means(bench: Bench) -> None:
    assert bench.run("sh", "-c", "echo ~ ~/x '~' a~", env={"HOME": "/home/me"})[1] == "/home/me /home/me/x ~ a~\n"


def test_a_shell_reads_its_script_from_a_file(bench: Bench) -> None:
    assert bench.run("sh", "-c", "echo 'echo $0 $1' > /tmp/s; sh /tmp/s x")[1] == "/tmp/s x\n"
    assert bench.run("sh", "/none")[0] == 2


def test_a_shell_without_a_script_ends_unless_its_input_stays_open(bench: Bench) -> None:
    assert bench.run("sh") == (0, "")
    assert bench.run("sh", stdin=True) == (None, "")


EXPRESSIONS = st.recursive(
    st.integers(min_value=0, max_value=1000).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "<=", ">", ">=", "==", "!=", "&", "|", "^"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"~{text}"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_arithmetic_is_that_of_whole_numbers(expression: str) -> None:
    assert evaluate(expression, {}) == int(eval(expression.replace("-", "- ")))


@pytest.mark.parametrize("expression", ["1 +", "(1", "1 2", "x = 3", "1 ? 2 : 3", "08", "1 / 0", "1.5"])
def test_arithmetic_that_is_not_understood(expression: str) -> None:
    with pytest.raises(NotUnderstood):
        evaluate(expression, {})


@given(st.text(alphabet=st.sampled_from("ab $'\"`\\(){};&|<>\n#!*?[]~=1x-"), max_size=40))
def test_any_text_is_a_script_or_is_not_understood(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        assert isinstance(parse(text), Script)
