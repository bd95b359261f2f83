"""tf.version: whose names these are."""

VERSION = "2.21.0"
GIT_VERSION = "tenon"
COMPILER_VERSION = ""
