"""Scripts that tests and examples write: the shell of the simulation does what busybox does in a real container."""

from __future__ import annotations

import textwrap

import pytest

from tests.contract.runtime.engines import Engine

SCRIPTS: dict[str, tuple[str, int, str]] = {
    "lists": ("true && echo and; false || echo or; ! false && echo not; false; echo $?", 0, "and\nor\nnot\n1\n"),
    "last command decides": ("true; false", 1, ""),
    "exit": ("echo before; exit 4; echo after", 4, "before\n"),
    "errexit": ("set -e; false || true; if false; then :; fi; echo on; false; echo off", 1, "on\n"),
    "unset is an error": ('set -u; echo "${NONE:-default}"; echo "$NONE"; echo off', 2, "default\n"),
    "redirections": (
        """
        echo one > /tmp/f; echo two >> /tmp/f; cat < /tmp/f
        { echo out; echo err >&2; } > /tmp/g 2>&1; cat /tmp/g
        """,
        0,
        "one\ntwo\nout\nerr\n",
    ),
    "discarded": ("cat /missing 2>/dev/null || echo failed; echo nothing > /dev/null", 0, "failed\n"),
    "exec redirects the shell": ("echo seen; exec > /tmp/f; echo hidden; exec >&2; wc -l < /tmp/f", 0, "seen\n"),
    "here-document": (
        """
        cat <<EOF > /tmp/f; cat /tmp/f
        Hello $WHO, $((1 + 2)) "times"
        EOF
        cat <<'EOF'
        raw $WHO
        EOF
        cat <<-EOF
        \ttab
        \tEOF
        """,
        0,
        'Hello world, 3 "times"\nraw $WHO\ntab\n',
    ),
    "quoting": (
        r"""
        echo 'a $WHO' "b $WHO" c\ \ d
        echo "e \"f\" \$g" 'h"i' "it's" a"b"'c'
        """,
        0,
        "a $WHO b world c  d\n" + 'e "f" $g h"i it\'s abc\n',
    ),
    "splitting": (
        """
        x='a  b'; echo $x; echo "$x"
        set -- $x 'c d'; echo $#
        for i in "$@"; do echo "<$i>"; done
        """,
        0,
        "a b\na  b\n3\n<a>\n<b>\n<c d>\n",
    ),
    "parameters": (
        """
        f=/a/b.tar.gz
        echo ${f##*/} ${f%.gz} ${f%%.*} ${f#/a} ${#f}
        echo ${NONE-x} ${WHO:+set} ${NEW:=new} $NEW
        """,
        0,
        "b.tar.gz /a/b.tar /a/b /b.tar.gz 11\nx set new new\n",
    ),
    "substitution": ('x=$(echo a; echo b); echo "$x" `echo c`; y=$(exit 5); echo $?', 0, "a\nb c\n5\n"),
    "arithmetic": (
        "i=7; echo $((i * 2 - 3)) $((i / 2)) $((i % 4)) $(( (i > 3) && i != 8 )) $((-7 / 2))",
        0,
        "11 3 3 1 -3\n",
    ),
    "if": ("if [ -f /etc/passwd ]; then echo file; elif true; then echo other; else echo none; fi", 0, "file\n"),
    "while": (
        """
        i=0
        while [ $i -lt 5 ]; do
            i=$((i + 1))  # counts
            [ $i = 2 ] && continue; [ $i = 4 ] && break
            echo $i
        done
        """,
        0,
        "1\n3\n",
    ),
    "until": ("i=0; until [ $i -ge 2 ]; do echo $i; i=$((i+1)); done", 0, "0\n1\n"),
    "for": ("for i in a 'b c' $(seq 2); do echo \"<$i>\"; done", 0, "<a>\n<b c>\n<1>\n<2>\n"),
    "case": (
        """
        for i in apple bun cherry; do
            case $i in
                a*) echo A;;
                b?n|x) echo B;;
                *) echo other
            esac
        done
        """,
        0,
        "A\nB\nother\n",
    ),
    "patterns of names": (
        """
        mkdir -p /tmp/d/.hidden; touch /tmp/d/b.txt /tmp/d/a.txt /tmp/d/c
        cd /tmp/d; echo *.txt; echo /tmp/d/*; echo *.none '*'
        """,
        0,
        "a.txt b.txt\n/tmp/d/a.txt /tmp/d/b.txt /tmp/d/c\n*.none *\n",
    ),
    "pipelines": (
        r"printf 'b\na\nc\n' | sort | head -n 2; echo x | while read v; do echo got $v; done; true | false",
        1,
        "a\nb\ngot x\n",
    ),
    "subshells": ("x=1; (x=2; cd /tmp; exit 3); echo $? $x; { x=4; }; echo $x", 0, "3 1\n4\n"),
    "environment": (
        """
        A=1; B=2 sh -c 'echo "$A,$B"'
        export A; sh -c 'echo "$A,$B"'
        unset A; echo "${A-gone}"
        """,
        0,
        ",2\n1,\ngone\n",
    ),
    "test": (
        """
        [ a = a ] && [ a != b ] && [ -n x ] && [ -z '' ] && [ 2 -gt 1 ] && [ -d /tmp ] || echo wrong
        [ -e /none ] || test 1 -eq 1 -a 2 -ne 3 && echo all
        """,
        0,
        "all\n",
    ),
    "printf": (
        r"printf '%s=%03d|' a 1 b 22; printf '\n%5s|%-5s|%x\n' r l 255; printf 'no newline'",
        0,
        "a=001|b=022|\n    r|l    |ff\nno newline",
    ),
    "echo": (r"echo -n a; echo -e 'b\tc'; echo 'd\te'", 0, "ab\tc\nd\\te\n"),
    "files": (
        """
        mkdir -p /tmp/a/b && echo x > /tmp/a/b/f && cp -r /tmp/a /tmp/c
        mv /tmp/c/b/f /tmp/g && cat /tmp/g && ls /tmp/c/b | wc -l
        rm -r /tmp/a && ls /tmp
        """,
        0,
        "x\n0\nc\ng\n",
    ),
    "grep": (
        r"""
        printf 'one\ntwo\nthree\n' > /tmp/f
        grep -c e /tmp/f; grep -q two /tmp/f && grep -v o /tmp/f; grep none /tmp/f || echo no
        """,
        0,
        "2\nthree\nno\n",
    ),
    "background": (
        "sleep 0.1 & wait $!; echo $?; (sleep 0.1; exit 6) & wait $!; echo $?; wait; echo all",
        0,
        "0\n6\nall\n",
    ),
    "exit trap": ("trap 'echo cleaned up' EXIT; echo working; exit 2", 2, "working\ncleaned up\n"),
    "signal to itself": (
        "trap 'echo caught' USR1; kill -USR1 $$; echo on; trap - USR1; kill -0 $$ && echo alive",
        0,
        "caught\non\nalive\n",
    ),
    "ignored signal": (
        """
        sh -c 'trap "" TERM; kill $$; echo still'
        sh -c 'kill $$; echo never'; echo $?
        """,
        0,
        "still\n143\n",
    ),
    "exec": ("exec echo replaced; echo never", 0, "replaced\n"),
    "eval and dot": ("echo 'y=5; echo dot' > /tmp/lib; . /tmp/lib; eval 'echo $y'", 0, "dot\n5\n"),
    "time of day": ("[ $(date +%s) -gt 1000000000 ] && date +%Y | wc -c", 0, "5\n"),
}
COMPLAINTS = {
    "cat /none": "cat: can't open '/none': No such file or directory",
    "mkdir /tmp": "mkdir: can't create directory '/tmp': File exists",
    "rm /none": "rm: can't remove '/none': No such file or directory",
    "rmdir /none": "rmdir: '/none': No such file or directory",
    "cd /none": "can't cd to /none",
    "echo x > /no/f": "can't create /no/f: nonexistent directory",
    "cat < /none": "can't open /none",
    "sleep soon": "sleep: invalid number 'soon'",
}


@pytest.mark.parametrize(("script", "exit_code", "written"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_script_does_the_same_everywhere(engine: Engine, script: str, exit_code: int, written: str) -> None:
    container_id = engine.start("sh", "-c", textwrap.dedent(script), env={"WHO": "world"})
    status = engine.ended(container_id)
    stdout = engine.output(container_id, "stdout").decode()
    assert (stdout, status.exit_code) == (written, exit_code), engine.output(container_id, "stderr").decode()


def test_a_script_gets_its_arguments(engine: Engine) -> None:
    _, output = engine.run("sh", "-c", 'echo $0 $1 $#; shift; echo "$*"', "name", "one", "two")
    assert output == b"name one 2\ntwo\n"


def test_complaints_name_what_cannot_be_done(engine: Engine) -> None:
    container_id = engine.start("sh", "-c", "\n".join(COMPLAINTS))
    engine.ended(container_id)
    said = engine.output(container_id, "stderr").decode()
    assert [text for text in COMPLAINTS.values() if text not in said] == []
