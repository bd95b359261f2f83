"""One interpreter of a process has tensors."""

import subprocess
import sys
import textwrap


def test_sub_interpreters_are_refused_and_leave_the_main_one_alone():
    code = textwrap.dedent("""
        import textwrap
        try:
            import _interpreters as interpreters  # from Python 3.13 on
        except ImportError:
            import _xxsubinterpreters as interpreters
        import tenon

        other = interpreters.create()
        refused = '''
        try:
            import tenon
        except ImportError as error:
            assert "main interpreter only" in str(error.__cause__ or error), error
        else:
            raise SystemExit("it was imported")
        '''
        run = getattr(interpreters, "exec", None) or interpreters.run_string
        assert run(other, textwrap.dedent(refused)) is None
        assert tenon.nn.Linear(2, 3)(tenon.ones(2)).shape == (3,)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
