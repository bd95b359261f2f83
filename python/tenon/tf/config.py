"""tf.config: devices and threads."""

import collections

from .. import _core
from ._function import functions_run_eagerly, run_functions_eagerly

PhysicalDevice = collections.namedtuple("PhysicalDevice", "name device_type")
LogicalDevice = collections.namedtuple("LogicalDevice", "name device_type")
LogicalDeviceConfiguration = collections.namedtuple(
    "LogicalDeviceConfiguration", "memory_limit experimental_priority experimental_device_ordinal",
    defaults=(None, None, None))


def list_physical_devices(device_type=None):
    """The machine's devices: its processors, as one."""
    found = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    return [one for one in found if device_type in (None, one.device_type)]


def list_logical_devices(device_type=None):
    """As `list_physical_devices`."""
    return [LogicalDevice("/device:CPU:0", "CPU")] if device_type in (None, "CPU") else []


def get_visible_devices(device_type=None):
    """As `list_physical_devices`."""
    return list_physical_devices(device_type)


def set_visible_devices(devices, device_type=None):
    """Which devices are used; the processors always are."""
    devices = devices if isinstance(devices, (list, tuple)) else [devices]
    for one in devices:
        if one is not None and one not in list_physical_devices():
            raise ValueError(f"Unrecognized device: {one!r}")


def get_soft_device_placement():
    """Ops run where they can."""
    return True


def set_soft_device_placement(enabled):
    """Taken: ops run where they can anyway."""


def _memory_growth(device):
    raise ValueError(f"Cannot set memory growth on non-GPU and non-Pluggable devices: {device!r}")


def set_logical_device_configuration(device, logical_devices):
    """Of GPUs, of which there are none here."""
    raise ValueError(f"Virtual CPUs are not offered: {device!r}")


def get_logical_device_configuration(device):
    """None: no device is divided."""


def experimental_run_functions_eagerly(run_eagerly):
    """`tf.config.run_functions_eagerly`."""
    run_functions_eagerly(run_eagerly)


def experimental_functions_run_eagerly():
    """`tf.config.functions_run_eagerly`."""
    return functions_run_eagerly()


def is_built_with_cuda():
    """Whether this build has CUDA."""
    return False


class threading:
    """How many threads ops use."""

    @staticmethod
    def get_intra_op_parallelism_threads():
        """The threads of one op."""
        return _core.get_num_threads()

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads):
        """The threads of one op; 0 leaves the choice."""
        if num_threads:
            _core.set_num_threads(num_threads)

    @staticmethod
    def get_inter_op_parallelism_threads():
        """Ops run one after the other."""
        return 1

    @staticmethod
    def set_inter_op_parallelism_threads(num_threads):
        """Taken: ops run one after the other."""


class optimizer:
    """What TensorFlow's graph optimizer is told; plans are optimised all the same."""

    @staticmethod
    def set_jit(enabled):
        """Taken and not needed."""

    @staticmethod
    def get_jit():
        return ""

    @staticmethod
    def set_experimental_options(options):
        """Taken and not needed."""

    @staticmethod
    def get_experimental_options():
        return {}


class experimental:
    """Where TensorFlow had some of these before."""

    VirtualDeviceConfiguration = LogicalDeviceConfiguration
    list_physical_devices = staticmethod(list_physical_devices)
    list_logical_devices = staticmethod(list_logical_devices)
    set_visible_devices = staticmethod(set_visible_devices)
    get_visible_devices = staticmethod(get_visible_devices)
    set_memory_growth = staticmethod(lambda device, enable: _memory_growth(device))
    set_virtual_device_configuration = staticmethod(set_logical_device_configuration)

    @staticmethod
    def enable_tensor_float_32_execution(enabled):
        """Of GPUs; float32 is float32 here."""

    @staticmethod
    def enable_op_determinism():
        """Ops are deterministic anyway."""


__all__ = ["LogicalDevice", "LogicalDeviceConfiguration", "PhysicalDevice", "experimental",
           "functions_run_eagerly", "get_soft_device_placement", "get_visible_devices",
           "is_built_with_cuda", "list_logical_devices", "list_physical_devices", "optimizer",
           "run_functions_eagerly", "set_logical_device_configuration",
           "set_soft_device_placement", "set_visible_devices", "threading"]
