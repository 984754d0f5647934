import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, get, rm, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.0"


class LibamiConan(ConanFile):
    name = "libami"
    description = "Connector to the Asterisk Manager Interface"
    license = "MIT"
    url = "https://github.com/conan-io/conan-center-index"
    homepage = "https://github.com/libami/libami"
    topics = ("asterisk", "ami", "pbx", "telephony")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": True, "fPIC": True}

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def layout(self):
        cmake_layout(self, src_folder="src")

    def requirements(self):
        self.requires("libuv/[>=1.44 <2]")
        self.requires("openssl/[>=3 <4]")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25]")
        self.tool_requires("pkgconf/[>=2]")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(f"{self.name} has been tried on Linux alone so far")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def generate(self):
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["AMI_TESTS"] = False
        toolchain.cache_variables["AMI_PROGRAM"] = False
        toolchain.cache_variables["AMI_STATIC_RUNTIME"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        lib = os.path.join(self.package_folder, "lib")
        rm(self, "libami.a" if self.options.shared else "libami.so*", lib)
        rmdir(self, os.path.join(lib, "cmake"))
        rmdir(self, os.path.join(lib, "pkgconfig"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "ami")
        self.cpp_info.set_property("cmake_target_name", "ami::ami" if self.options.shared else "ami::ami_static")
        self.cpp_info.set_property("pkg_config_name", "ami")
        self.cpp_info.libs = ["ami"]
        self.cpp_info.requires = ["libuv::libuv", "openssl::ssl"]
        if not self.options.shared:
            self.cpp_info.system_libs = ["pthread", "stdc++"]
