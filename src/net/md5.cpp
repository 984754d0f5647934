#include "net/md5.h"

#include <openssl/err.h>
#include <openssl/evp.h>

namespace ami {

bool md5(std::string_view text, unsigned char out[16]) {
  unsigned size = 0;
  const bool done = EVP_Digest(text.data(), text.size(), out, &size, EVP_md5(), nullptr) == 1;
  ERR_clear_error();
  return done && size == 16;
}

}  // namespace ami
