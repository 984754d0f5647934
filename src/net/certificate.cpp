#include "net/certificate.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "protocol/text.h"

namespace ami {
namespace {

constexpr std::string_view kPinPrefix = "sha256//";
constexpr int kNamesTold = 5;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};

std::string date_text(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  char text[64];
  return {text, strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return "?";
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size <= 0 ? "an empty name" : printable({text, static_cast<size_t>(size)});
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "?";
  const int size = ASN1_STRING_length(bytes);
  if (size == 4) inet_ntop(AF_INET, ASN1_STRING_get0_data(bytes), text, sizeof text);
  if (size == 16) inet_ntop(AF_INET6, ASN1_STRING_get0_data(bytes), text, sizeof text);
  return text;
}

// The names that a certificate is for.
std::string names_text(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, Free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  int told = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); i++) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (told++ == kNamesTold) return text + ", ...";
    if (!text.empty()) text += ", ";
    if (name->type == GEN_DNS) {
      const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      text += printable({bytes, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))});
    } else {
      text += address_text(name->d.iPAddress);
    }
  }
  return text.empty() ? name_text(X509_get_subject_name(certificate)) : text;
}

// What to do when the chain leads to nobody we trust.
std::string advice(const X509* leaf) {
  KeyHash hash;
  std::string text = "name a file with it in tls.ca";
  if (hash_key(leaf, hash))
    text += ", or, if you are sure that this is your server, set tls.pin=" + pin_text(hash);
  return text;
}

}  // namespace

bool hash_key(const X509* certificate, KeyHash& hash) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  const std::unique_ptr<unsigned char, Free> owned(der);
  return size > 0 &&
         EVP_Digest(der, static_cast<size_t>(size), hash.data(), nullptr, EVP_sha256(), nullptr) == 1;
}

std::string pin_text(const KeyHash& hash) {
  unsigned char base64[4 * ((sizeof hash + 2) / 3) + 1];
  const int size = EVP_EncodeBlock(base64, hash.data(), static_cast<int>(hash.size()));
  return std::string(kPinPrefix) + std::string(reinterpret_cast<char*>(base64), static_cast<size_t>(size));
}

bool parse_pin(std::string_view text, KeyHash& hash) {
  if (!text.starts_with(kPinPrefix)) return false;
  const std::string_view base64 = text.substr(kPinPrefix.size());
  unsigned char bytes[sizeof hash + 1];
  if (base64.size() != 44) return false;
  if (EVP_DecodeBlock(bytes, reinterpret_cast<const unsigned char*>(base64.data()), 44) != sizeof bytes)
    return false;
  std::copy_n(bytes, hash.size(), hash.begin());
  // The decoder is generous; what we accept is what we would write.
  return pin_text(hash) == text;
}

int64_t end_of(const X509* certificate) {
  tm parts{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return 0;
  return timegm(&parts);
}

std::string explain_refusal(int error, const X509* refused, X509* leaf, const std::string& name) {
  const bool is_leaf = refused == nullptr || refused == leaf || X509_cmp(refused, leaf) == 0;
  const X509* about = is_leaf ? leaf : refused;
  const std::string whose =
      is_leaf ? "the server's certificate (" + names_text(leaf) + ")"
              : "the certificate of its CA (" + name_text(X509_get_subject_name(about)) + ")";
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return whose + " expired on " + date_text(X509_get0_notAfter(about));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return whose + " is not yet valid: it begins on " + date_text(X509_get0_notBefore(about));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for " + names_text(leaf) + ", not for " + name +
             ": connect by that name, or say it in tls.server_name";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return whose + " is self-signed and not trusted here: " + advice(leaf);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return whose + " is signed by a CA that is not trusted here (" +
             name_text(X509_get_issuer_name(about)) + "): " + advice(leaf);
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return whose + " names a trusted CA (" + name_text(X509_get_issuer_name(about)) +
             "), but is not signed by its key: " + advice(leaf);
    default:
      return whose + " was refused: " + X509_verify_cert_error_string(error);
  }
}

}  // namespace ami
