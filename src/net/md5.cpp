#include "net/md5.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <new>

#include "net/openssl.h"

namespace ami {
namespace {

// Whether it is not to be had, rather than that memory was short.
bool is_forbidden() {
  EVP_MD* known = EVP_MD_fetch(nullptr, "MD5", nullptr);
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  EVP_MD_free(known);
  return known == nullptr && error != 0 && ERR_GET_REASON(error) != ERR_R_MALLOC_FAILURE;
}

}  // namespace

bool md5(std::string_view text, unsigned char out[16]) {
  const OpenSslHold openssl;
  if (!openssl) return false;
  unsigned size = 0;
  const bool done = EVP_Digest(text.data(), text.size(), out, &size, EVP_md5(), nullptr) == 1;
  ERR_clear_error();
  if (!done && !is_forbidden()) throw std::bad_alloc();
  return done && size == 16;
}

}  // namespace ami
