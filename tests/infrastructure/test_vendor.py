"""What is vendored of KERN UX is what the templates use: not less, not more."""

import re

import pytest

from infra import vendor
from infra.fonts import letters_of
from infra.styles import Used, classes_of, cut, properties_of

SHEET = (vendor.TARGET / "kern.css").read_text(encoding="utf-8")
OURS = (vendor.STATIC / "site.css").read_text(encoding="utf-8")
USED = Used(classes=frozenset({"kern-a"}), elements=frozenset({"p", "body"}), input_types=frozenset({"radio"}))


def test_every_class_of_kern_that_pages_name_is_there() -> None:
    assert vendor.used().classes - classes_of(SHEET) == set(), "make vendor"


def test_nothing_is_there_that_no_page_names() -> None:
    assert vendor.cut_styles(SHEET) == SHEET.partition("\n")[2], "make vendor"


def test_every_property_that_styles_refer_to_is_set() -> None:
    declared, referred = properties_of(SHEET)
    own, wanted = properties_of(OURS)
    # KERN gives a second value for the few it does not set itself.
    without_fallback = {name for name in referred if re.search(rf"var\({name}\)", SHEET)}
    assert (without_fallback | wanted) - declared - own == set()


def test_nothing_is_asked_of_another_host() -> None:
    for sheet in (SHEET, OURS):
        addresses = re.findall(r"url\(\s*['\"]?([^'\")]+)", sheet)
        assert all(address.startswith(("data:", "FiraSans-")) for address in addresses)
        assert "@import" not in sheet


def test_the_strip_of_authorities_is_not_among_it() -> None:
    assert "kopfzeile" not in SHEET.lower()


@pytest.mark.parametrize("name", vendor.FONTS)
def test_the_fonts_have_the_letters_of_europe(name: str) -> None:
    font = vendor.TARGET / f"FiraSans-{name}.woff2"
    letters = letters_of(font)
    texts = "ÄÖÜäöüßẞ Łódź Çağrı İrem Ștefan Țara Žižek Čeněk Győr Þórr Ħamrun Llŷn Ŵyn Škoda Œuvre ÆØÅæøå ñ ½ § №"  # noqa: RUF001 - meant
    signs = "–—„“‚‘’…·€%&@#/()[]{}<>+=*→←−"  # noqa: RUF001 - meant
    assert {ord(letter) for letter in texts + signs + "".join(map(chr, range(0x20, 0x7F)))} <= letters
    assert all(point < 0x0370 or point >= 0x1E00 for point in letters), "Greek and Cyrillic are left out"
    assert font.stat().st_size < 25_000


def test_the_licences_travel_along() -> None:
    assert "EUPL" in (vendor.TARGET / "LICENCE.md").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in (vendor.TARGET / "OFL.txt").read_text(encoding="utf-8").upper()
    assert vendor.VERSION in (vendor.TARGET / "VERSION").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".kern-a{color:red}", ".kern-a{color:red}"),
        (".kern-b{color:red}", ""),
        (".kern-a,.kern-b{color:red}", ".kern-a{color:red}"),
        (".kern-a .kern-b{color:red}", ""),
        (".kern-a:not(.kern-b):hover{color:red}", ".kern-a:not(.kern-b):hover{color:red}"),
        (".kern-a:has(.kern-b){color:red}", ""),
        (":is(body, .kern-b){color:red}", ":is(body, .kern-b){color:red}"),
        ("p{color:red}", "p{color:red}"),
        ("video{color:red}", ""),
        ("[data-kern-theme=dark] .kern-a{color:red}", ""),
        ('.kern-a[type="file"]{color:red}', ""),
        (".kern-a[type=radio]::before{color:red}", ".kern-a[type=radio]::before{color:red}"),
        ("/* why */.kern-a { color : red ; }", ".kern-a{color:red}"),
        (".kern-a{color:red !important}", ".kern-a{color:red !important}"),
        ("@media print{.kern-b{color:red}}", ""),
        ("@media print{.kern-a{color:red}}", "@media print {\n .kern-a{color:red}\n}"),
    ],
)
def test_a_rule_stays_when_a_page_can_use_it(rule: str, kept: str) -> None:
    assert cut(rule, USED).strip() == kept
    assert cut(kept, USED).strip() == kept


def test_properties_stay_with_what_they_lead_to() -> None:
    sheet = ":root{--one:var(--two);--two:1px;--three:2px;--four:3px}.kern-a{margin:var(--one)}"
    cut_sheet = cut(sheet, USED, also=["p{padding:var(--four)}"])
    assert properties_of(cut_sheet) == ({"--one", "--two", "--four"}, {"--one", "--two"})


def test_a_broken_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        cut("} .kern-a", USED)
