"""`tenon run` and `tenon inspect` of a program's file, and what they say of wrong input.

usage: program_test.py TENON
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

TENON = ""

PROGRAM = """dims n = 2
%0: float32[n, 3] = input "x"
%1: float32[2, 3] = weight "w"
%3: float32[n, 2] = matmul(%0, %1[3, 2; 1, 3; 0])
return %3 as "y"
"""


def write_safetensors(path, tensors, metadata=None):
    """tensors: name -> (sizes, floats)."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (sizes, values) in tensors.items():
        block = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": sizes,
                        "data_offsets": [len(data), len(data) + len(block)]}
        data += block
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_floats(path, name):
    content = path.read_bytes()
    size, = struct.unpack("<Q", content[:8])
    begin, end = json.loads(content[8:8 + size])[name]["data_offsets"]
    return list(struct.unpack(f"<{(end - begin) // 4}f", content[8 + size + begin:8 + size + end]))


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.program = self.folder / "program.safetensors"
        write_safetensors(self.program, {"w": ([2, 3], [1, 2, 3, 0, 0, 1])},
                          {"tenon.program": PROGRAM, "tenon.program.inputs": "x\n",
                           "tenon.program.version": "1"})
        self.data = self.folder / "data.safetensors"
        write_safetensors(self.data, {"x": ([1, 3], [1, 1, 1]), "z": ([2, 3], [1, 0, 0, 0, 0, 2])})

    def run_tenon(self, *arguments):
        return subprocess.run([TENON, *map(str, arguments)], capture_output=True, text=True)

    def check(self, *arguments):
        done = self.run_tenon(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_error(self, want, *arguments):
        done = self.run_tenon(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(want, done.stderr)

    def test_runs_on_tensors_of_a_file(self):
        out = self.folder / "y.safetensors"
        self.check("run", self.program, "--input", f"x={self.data}", "--output", out)
        self.assertEqual(read_floats(out, "y"), [6, 1])
        self.check("run", self.program, "--input", f"x={self.data}:z", "--output", out)
        self.assertEqual(read_floats(out, "y"), [1, 0, 6, 2])
        self.assertIn("y: float32[5, 2]", self.check("run", self.program, "--input", "x=ones[5,3]"))

    def test_names_what_is_wrong(self):
        self.check_error("input 'x', float32[n, 3], is missing", "run", self.program)
        self.check_error("is one of x", "run", self.program, "--input", "q=ones[2,3]")
        self.check_error("expected float32[n, 3]", "run", self.program, "--input", "x=ones[2,4]")
        self.check_error("can't read sizes", "run", self.program, "--input", "x=ones[2,")
        self.check_error("'x' was given before", "run", self.program, "--input", "x=ones[2,3]",
                         "--input", "x=zeros[2,3]")
        self.check_error("holds no program", "run", self.data, "--input", "x=ones[2,3]")
        self.check_error("absent.safetensors", "run", self.folder / "absent.safetensors")

    def test_is_shown(self):
        text = self.check("inspect", self.program)
        self.assertIn("program of 1 ops", text)
        self.assertIn("input  x: float32[n, 3]", text)
        self.assertIn("output y: float32[n, 2]", text)
        self.assertNotIn("matmul", text)
        self.assertIn(PROGRAM, self.check("inspect", self.program, "--graph"))
        dot = self.folder / "graph.dot"
        self.check("inspect", self.program, "--dot", dot)
        self.assertIn("matmul", dot.read_text())


if __name__ == "__main__":
    TENON = sys.argv.pop(1)
    unittest.main()
