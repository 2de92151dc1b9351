"""Which packages are missing, and who may install them."""

import pytest

from dev.cluster import packages

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n'
UBUNTU = "ID=ubuntu\nID_LIKE=debian\n"
MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'
FEDORA = "ID=fedora\n"


def test_programs_of_one_package_are_named_once() -> None:
    plan = packages.plan(
        ["containerd", "ctr", "bridge", "portmap"], os_release=DEBIAN, is_root=True
    )

    assert plan.packages == ("containerd", "containernetworking-plugins")
    assert plan.command[:2] == ("apt-get", "install")
    assert plan.command[-2:] == plan.packages


@pytest.mark.parametrize(
    ("os_release", "is_root", "expected"),
    [
        (DEBIAN, True, True),
        (UBUNTU, True, True),
        (MINT, True, True),
        (DEBIAN, False, False),
        (FEDORA, True, False),
        ("", True, False),
    ],
)
def test_only_root_on_debian_and_its_children_gets_packages_installed(
    os_release: str, *, is_root: bool, expected: bool
) -> None:
    plan = packages.plan(["runc"], os_release=os_release, is_root=is_root)

    assert plan.may_install is expected


def test_nothing_is_missing_when_every_program_is_found() -> None:
    assert packages.missing_programs(lambda _program: True) == []
    assert packages.missing_programs(lambda program: program != "runc") == ["runc"]


def test_the_tests_need_a_browser_and_the_node_does_not() -> None:
    def has_all_but_chromium(program: str) -> bool:
        return program != "chromium"

    assert packages.missing_programs(has_all_but_chromium) == []
    assert packages.missing_programs(has_all_but_chromium, packages.TEST_PACKAGES) == ["chromium"]
    assert packages.plan(["chromium"], os_release="ID=debian", is_root=True).packages == (
        "chromium",
    )
