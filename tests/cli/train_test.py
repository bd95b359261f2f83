"""What `tenon train` does when things go wrong: nothing that was done is lost.

usage: train_test.py TENON
"""
import pathlib
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TENON = ""
IMAGES = 200  # 160 to train, 40 to test: 20 steps an epoch
EPOCHS = 4
STEPS = 20 * EPOCHS


def write_digits(folder):
    """IDX files of pictures whose bright row tells their class."""
    pixels, labels = bytearray(28 * 28 * IMAGES), bytearray(IMAGES)
    for i in range(IMAGES):
        labels[i] = i % 10
        row = (28 * i + 2 + 2 * (i % 10)) * 28
        pixels[row:row + 28] = bytes([200 + i % 50] * 28)
    (folder / "t10k-images-idx3-ubyte").write_bytes(
        struct.pack(">4B3I", 0, 0, 8, 3, IMAGES, 28, 28) + pixels)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(
        struct.pack(">4BI", 0, 0, 8, 1, IMAGES) + labels)


class Train(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.shared.cleanup)
        cls.data = pathlib.Path(cls.shared.name)
        write_digits(cls.data)
        cls.straight = cls.data / "straight.safetensors"
        subprocess.run(cls.command("--out", str(cls.straight)), check=True, timeout=300,
                       capture_output=True)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.out = self.folder / "w.safetensors"
        self.run_folder = str(self.folder / "run")

    @classmethod
    def command(cls, *arguments):
        return [TENON, "train", "digits", "--data", str(cls.data), "--batch-size", "8",
                "--epochs", str(EPOCHS), *arguments]

    def start(self, *arguments, full_disk=False):
        command = self.command(*arguments)
        if "--out" not in arguments:
            command += ["--out", str(self.out)]
        limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))) \
            if full_disk else None
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, preexec_fn=limit)

    def train(self, *arguments, **options):
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=300)
        return process.returncode, output, errors

    def checkpoints(self):
        return sorted((self.folder / "run").glob("checkpoint-*.safetensors"))

    def start_and_wait_for_step(self, step):
        """A training with a checkpoint after every step, which is at least there."""
        process = self.start("--checkpoint", self.run_folder, "--checkpoint-every", "1")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if any(int(path.stem.split("-")[1]) >= step for path in self.checkpoints()):
                return process
            time.sleep(0.002)
        process.kill()
        self.fail("the training ended too soon:\n" + process.communicate()[1])

    def resume(self, **options):
        return self.train("--checkpoint", self.run_folder, "--resume", **options)

    def expect_the_bits_of_a_straight_run(self):
        self.assertEqual(self.resume()[0], 0)
        self.assertTrue(self.out.read_bytes() == self.straight.read_bytes())

    def expect_nothing_written(self):
        """No weights, and nothing half-done."""
        self.assertFalse(self.out.exists())
        self.assertEqual(list(self.folder.rglob("*.tmp")), [])

    def test_kill_then_full_disk_then_resume_gives_the_same_bits(self):
        process = self.start_and_wait_for_step(30)
        process.kill()
        process.communicate()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        kept = self.checkpoints()
        newest = kept[-1].read_bytes()
        self.assertLess(int(kept[-1].stem.split("-")[1]), STEPS)

        code, _, errors = self.resume(full_disk=True)
        self.assertEqual(code, 1)
        self.assertIn("File too large", errors)
        self.assertIn("free space", errors)
        self.assertEqual(self.checkpoints(), kept)
        self.assertEqual(kept[-1].read_bytes(), newest)
        self.expect_nothing_written()

        self.expect_the_bits_of_a_straight_run()

    def test_interrupt_saves_and_says_so(self):
        process = self.start_and_wait_for_step(30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 1)
        newest = self.checkpoints()[-1]
        step = int(newest.stem.split("-")[1])
        self.assertLess(step, STEPS)
        self.assertIn(f"interrupted after step {step}; saved to {newest}", errors)
        self.assertTrue(self.out.exists())

        self.expect_the_bits_of_a_straight_run()

    def test_divergence_names_the_step_and_keeps_the_checkpoint(self):
        code, _, errors = self.train("--checkpoint", self.run_folder, "--checkpoint-every", "1",
                                     "--learning-rate", "1e30")
        self.assertEqual(code, 1)
        self.assertRegex(errors, r"\[Trainer::fit\] step \d+: (the loss is|a weight is not finite)")
        self.assertIn("try a lower learning rate", errors)
        for path in self.checkpoints():
            self.assertIn(str(path.parent), errors)
        self.expect_nothing_written()

    def test_what_cannot_be_written_is_told_before_training(self):
        nowhere = "/proc/x"
        for arguments, call in ((["--out", nowhere], "[--out] /proc/x"),
                                (["--json", nowhere], "[--json] /proc/x"),
                                (["--out", ""], "[--out] expected the path of a file"),
                                (["--checkpoint", nowhere], "/proc/x: making the folder failed"),
                                (["--checkpoint", "/proc/self"], "'/proc/self' failed")):
            with self.subTest(arguments):
                code, output, errors = self.train(*arguments)
                self.assertEqual(code, 1)
                self.assertIn(call, errors)
                self.assertNotIn("epoch", errors)
                self.assertEqual(output, "")
                self.expect_nothing_written()

    def test_a_new_run_does_not_mix_with_an_old_one(self):
        self.assertEqual(self.train("--checkpoint", self.run_folder)[0], 0)
        before = [path.read_bytes() for path in self.checkpoints()]
        code, _, errors = self.train("--checkpoint", self.run_folder, "--seed", "2")
        self.assertEqual(code, 1)
        self.assertIn("is of an earlier run; go on with it by --resume", errors)
        self.assertEqual([path.read_bytes() for path in self.checkpoints()], before)

    def test_a_damaged_checkpoint_says_what_to_do(self):
        self.assertEqual(self.train("--checkpoint", self.run_folder)[0], 0)
        newest = self.checkpoints()[-1]
        newest.write_bytes(newest.read_bytes()[:-100])
        code, _, errors = self.resume()
        self.assertEqual(code, 1)
        self.assertIn(str(newest), errors)
        self.assertIn("remove it to go on from the one before", errors)
        newest.unlink()
        self.assertEqual(self.resume()[0], 0)


class Usage(unittest.TestCase):
    def run_tenon(self, *arguments, **options):
        return subprocess.run([TENON, *arguments], stderr=subprocess.PIPE, text=True, timeout=60,
                              **({"stdout": subprocess.PIPE} | options))

    def test_unknown_commands(self):
        result = self.run_tenon("trian", "digits")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no command 'trian'; did you mean 'train'?", result.stderr)
        result = self.run_tenon("fly")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no command 'fly'; expected one of train, evaluate", result.stderr)

    def test_full_output(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.run_tenon("version", stdout=full)
        self.assertEqual(result.returncode, 1)
        self.assertIn("No space left on device", result.stderr)


if __name__ == "__main__":
    TENON = sys.argv.pop(1)
    unittest.main()
