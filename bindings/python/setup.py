"""Builds the extension, and libami before it, with CMake, from the checkout around this folder; the wheel holds both.

With AMI_SYSTEM=1 in the environment, or without a checkout, the extension is linked with the libami that pkg-config
finds, and the wheel holds none. AMI_BUILD names a build folder of the checkout whose libami is taken as it is. Nothing is
written into the source tree.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from setuptools import setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
from ami_build import extension  # noqa: E402

CHECKOUT = HERE.parent.parent
BUNDLES = (CHECKOUT / "include/ami/ami.h").exists() and os.environ.get("AMI_SYSTEM", "") in ("", "0")


def pkg_config(*arguments):
    try:
        return subprocess.run(["pkg-config", *arguments, "ami"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit("setup.py: there is no checkout of libami around bindings/python, and pkg-config finds no libami: "
                 f"{getattr(error, 'stderr', '') or error}")


INCLUDE = CHECKOUT / "include" if BUNDLES else pathlib.Path(pkg_config("--variable=includedir"))
HEADER = INCLUDE / "ami/ami.h"
work = tempfile.TemporaryDirectory(prefix="ami-build-")


def build_library():
    build = pathlib.Path(work.name, "libami")
    subprocess.run(["cmake", "-S", CHECKOUT, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DAMI_TESTS=OFF",
                    "-DAMI_PROGRAM=OFF"], check=True)
    subprocess.run(["cmake", "--build", build, "--parallel", str(os.cpu_count() or 1)], check=True)
    return build


class Build(build_ext):
    """Builds libami first, where it is to be bundled, and puts it beside the extension."""

    def run(self):
        if BUNDLES:
            build = pathlib.Path(os.environ.get("AMI_BUILD") or build_library())
            target = pathlib.Path(self.build_lib, "ami", "libami.so.0")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy((build / "src/libami.so").resolve(), target)
            self.library_dirs.append(str(build / "src"))
        super().run()


def options():
    if BUNDLES:
        return {"include_dirs": [str(INCLUDE)], "libraries": ["ami"], "extra_link_args": ["-Wl,-rpath,$ORIGIN"]}
    return {"extra_compile_args": pkg_config("--cflags").split(), "extra_link_args": pkg_config("--libs").split()}


def version():
    text = HEADER.read_text()
    return ".".join(re.search(rf"AMI_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH"))


# What cffi generates, and what setuptools writes down, goes into the temporary folder.
source = extension(HEADER, **options()).distutils_extension(tmpdir=work.name)
setup(version=version(), ext_modules=[source], cmdclass={"build_ext": Build},
      options={"build": {"build_base": work.name}, "egg_info": {"egg_base": work.name}})
