class Libami < Formula
  desc "Connector to the Asterisk Manager Interface"
  homepage "https://github.com/libami/libami"
  url "https://github.com/libami/libami/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"
  head "https://github.com/libami/libami.git", branch: "main"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "nlohmann-json" => :build
  depends_on "pkgconf" => [:build, :test]
  depends_on "inih"
  depends_on "libedit"
  depends_on "libuv"
  depends_on :linux
  depends_on "ncurses"
  depends_on "openssl@3"

  def install
    args = %w[-DAMI_TESTS=OFF -DAMI_STATIC_RUNTIME=OFF]
    system "cmake", "-S", ".", "-B", "build", *args, *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"test.c").write <<~C
      #include <ami/ami.h>
      #include <stdio.h>
      int main(void) {
        ami_t *ami = ami_new();
        puts(ami_version_string());
        ami_destroy(ami);
        return ami == NULL;
      }
    C
    flags = shell_output("pkgconf --cflags --libs ami").chomp.split
    system ENV.cc, "test.c", "-o", "test", *flags
    assert_equal version.to_s, shell_output("./test").chomp
    assert_match version.to_s, shell_output("#{bin}/ami --version")
  end
end
