"""Objects by name, and configs."""

import pytest

from tenon.keras import activations, initializers, regularizers
from tenon.keras import _registry
from tenon.keras._names import snake_case


def test_names_in_snake_case():
    assert snake_case("GlorotUniform") == "glorot_uniform"
    assert snake_case("MeanIoU") == "mean_io_u"
    assert snake_case("LSTMCell") == "lstm_cell"


@pytest.mark.parametrize("identifier", ["L2", "l2", regularizers.L2,
                                        {"class_name": "L2", "config": {"l2": 0.01}}])
def test_get_makes_the_same_of_each_form(identifier):
    made = regularizers.get(identifier)
    assert type(made) is regularizers.L2 and made.l2 == 0.01


def test_instances_and_none_stay():
    mine = regularizers.L1(0.3)
    assert regularizers.get(mine) is mine
    assert regularizers.get(None) is None
    assert activations.get(None) is activations.linear


def test_unknown_names_are_told_with_near_ones():
    with pytest.raises(ValueError,
                       match=r"initializer 'glorot_unifrm' isn't known; .*glorot_uniform"):
        initializers.get("glorot_unifrm")
    with pytest.raises(ValueError, match="a regularizer is a name"):
        regularizers.get(3)


def test_configs_hold_what_makes_the_object_again():
    config = _registry.serialize(initializers.RandomNormal(0.5, 2.0, seed=3))
    assert config == {"module": "keras.initializers", "class_name": "RandomNormal",
                      "config": {"mean": 0.5, "stddev": 2.0, "seed": 3},
                      "registered_name": "RandomNormal"}
    again = _registry.deserialize(config)
    assert again((3,)).tolist() == initializers.RandomNormal(0.5, 2.0, seed=3)((3,)).tolist()
    assert activations.serialize(activations.relu) == "relu"
    assert activations.deserialize("relu") is activations.relu


def test_own_objects_are_found_by_scope_argument_and_registration():
    class Halved(regularizers.Regularizer):
        def __call__(self, x):
            return 0.5 * x.sum()

        def get_config(self):
            return {}

    config = {"class_name": "Halved", "config": {}}
    with pytest.raises(ValueError, match="'Halved' isn't known"):
        regularizers.get(config)
    with _registry.custom_object_scope({"Halved": Halved}):
        assert isinstance(regularizers.get("Halved"), Halved)
    assert isinstance(regularizers.deserialize(config, {"Halved": Halved}), Halved)
    _registry.register_keras_serializable("mine")(Halved)
    written = _registry.serialize(Halved())
    assert written["registered_name"] == "mine>Halved"
    assert isinstance(_registry.deserialize(written), Halved)
    del _registry.get_custom_objects()["mine>Halved"]


def test_files_run_no_code():
    with pytest.raises(ValueError, match="lambda"):
        _registry.serialize(lambda x: x)
    with pytest.raises(ValueError, match="isn't run"):
        _registry.deserialize({"class_name": "__lambda__", "config": {"value": "ab"}})
    for name in "serialize", "importlib":
        with pytest.raises(ValueError, match="isn't known"):
            _registry.deserialize({"class_name": "function", "config": name,
                                   "module": "keras.initializers"})
