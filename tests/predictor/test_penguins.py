"""The second bundled model over HTTP: strings, numbers and gaps."""

import pytest

pytestmark = pytest.mark.xdist_group("penguins")

ROW = {
    "island": "Biscoe",
    "bill_length_mm": 47.5,
    "bill_depth_mm": "15",
    "flipper_length_mm": 218,
    "body_mass_g": 4950,
    "sex": "female",
}
URL = "/models/penguins/predict"


@pytest.mark.usefixtures("penguins")
def test_penguins_are_told_apart_with_gaps_and_without(api):
    assert api.post(URL, ROW).json() == {"prediction": "Gentoo"}
    gaps = ROW | {"sex": None, "bill_length_mm": None}
    assert api.post(URL, [ROW, gaps]).json() == {"predictions": ["Gentoo", "Gentoo"]}
    answer = api.post(f"{URL}?outputs=predict_proba", ROW).json()["probabilities"]
    assert list(answer) == ["Adelie", "Chinstrap", "Gentoo"]


@pytest.mark.usefixtures("penguins")
def test_an_input_left_empty_is_a_gap(api):
    form = {name: str(value) for name, value in ROW.items()} | {"sex": "", "body_mass_g": ""}
    response = api.post(URL, form, format="multipart")
    assert (response.status_code, response.json()) == (200, {"prediction": "Gentoo"})


@pytest.mark.usefixtures("penguins")
@pytest.mark.parametrize("wrong", [{"island": "Atlantis"}, {"sex": 1}, {"body_mass_g": "heavy"}])
def test_what_the_columns_do_not_take_is_refused_by_name(api, wrong):
    response = api.post(URL, ROW | wrong)
    assert response.status_code == 400
    assert list(response.json()) == list(wrong)
