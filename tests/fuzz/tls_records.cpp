// Writes texts through TLS to a server in memory, and looks at the records that come there: together they are
// the texts, and each is what net/records.h promises.

#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "fuzz.h"
#include "net/records.h"
#include "net/tls.h"

extern "C" {
#include "certificates.h"
}

namespace {

// What OpenSSL does not cut by itself.
constexpr size_t kLongest = SSL3_RT_MAX_PLAIN_LENGTH;

// The server's side of one connection.
class Server {
 public:
  Server() : ctx_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    static certificate_t* const certificate =
        certificate_new({"pbx.test", "DNS:pbx.test", nullptr, false, 0, 0});
    need(SSL_CTX_use_certificate_chain_file(ctx_.get(), certificate_file(certificate)));
    need(SSL_CTX_use_PrivateKey_file(ctx_.get(), certificate_key_file(certificate), SSL_FILETYPE_PEM));
    ssl_.reset(SSL_new(ctx_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }
  void receive(std::string_view bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  void accept() { SSL_do_handshake(ssl_.get()); }
  [[nodiscard]] bool open() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  std::string output() {
    char bytes[16384];
    const int size = BIO_read(SSL_get_wbio(ssl_.get()), bytes, sizeof bytes);
    return {bytes, size > 0 ? static_cast<size_t>(size) : 0};
  }
  // The content of the next whole record; OpenSSL never gives more than one at a time.
  bool read(std::string& record) {
    static char bytes[kLongest];
    size_t size = 0;
    if (SSL_read_ex(ssl_.get(), bytes, sizeof bytes, &size) != 1) return false;
    record.assign(bytes, size);
    return true;
  }

 private:
  static void need(int done) { FUZZ_CHECK(done == 1, "the server of this test cannot be set up"); }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> ctx_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

// A client and a server that have shaken hands: once for many inputs, since that takes long.
struct Connection {
  Connection() {
    ami::TlsOptions options;
    options.verify = ami::TlsOptions::Verify::kNone;
    std::string detail;
    const auto context = ami::TlsContext::get(options, detail);
    FUZZ_CHECK(context != nullptr, detail);
    client = ami::Tls::create(context, detail);
    FUZZ_CHECK(client != nullptr, detail);
    FUZZ_CHECK(client->write("too early\n") == 0, "");
    client->start();
    while (client->state() == ami::Tls::State::kHandshake || !server.open()) {
      pass(client->output().size());
      server.accept();
      const std::string answer = server.output();
      client->receive(answer);
      char none[1];
      FUZZ_CHECK(client->read(none, 1) == 0, "");
      FUZZ_CHECK(client->state() != ami::Tls::State::kFailed, client->detail());
    }
  }
  // Brings bytes from the client to the server.
  void pass(size_t size) {
    server.receive(client->output().substr(0, size));
    client->consumed(size);
  }

  Server server;
  std::unique_ptr<ami::Tls> client;
};

// The records of a text, whose lines end in LF: as many whole lines as fit, a longer line alone, and what
// follows the last line end.
std::vector<std::string> records_of(std::string_view text) {
  std::vector<std::string> records(1);
  while (!text.empty()) {
    const size_t lf = text.find('\n');
    const std::string_view line = text.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    if (!records.back().empty() &&
        (records.back().size() + line.size() > ami::kTlsRecordBytes || lf == std::string_view::npos)) {
      records.emplace_back();
    }
    records.back() += line;
    text.remove_prefix(line.size());
  }
  if (records.back().empty()) records.pop_back();
  return records;
}

// Lines of any length: mostly what AMI has, at times around the bounds.
std::string text_of(fuzz::Input& input) {
  std::string text;
  for (unsigned lines = input.below(32); lines > 0 && text.size() < 14000; --lines) {
    const unsigned kind = input.byte();
    std::string line = input.take(kind & 15U);
    if (kind >= 0xF0) line.append(1000 + input.byte() % 64, 'x');
    if (kind == 0xFF) line.append(input.number() % 4096, 'y');
    if (kind >= 0x80 && kind < 0xF0) line.append(input.byte(), 'z');
    text += line;
    if ((kind & 0x70U) != 0x70U) text += (kind & 16U) != 0 ? "\n" : "\r\n";
  }
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::unique_ptr<Connection> connection;
  static int uses = 0;
  if (uses++ % 10000 == 0) connection = std::make_unique<Connection>();
  fuzz::Input input(data, size);
  std::vector<std::string> expected;
  std::vector<std::string> found;
  std::string record;
  while (!input.empty()) {
    std::string text = (input.byte() & 1U) != 0 ? input.text() : text_of(input);
    text.resize(std::min(text.size(), kLongest));
    for (auto& each : records_of(text)) expected.push_back(std::move(each));
    FUZZ_CHECK(connection->client->write(text) == text.size(), connection->client->detail());
    if ((input.byte() & 1U) == 0) continue;
    connection->pass(connection->client->output().size() * input.byte() / 256);
    while (connection->server.read(record)) found.push_back(record);
  }
  connection->pass(connection->client->output().size());
  FUZZ_CHECK(connection->client->output().empty(), "");
  while (connection->server.read(record)) found.push_back(record);
  FUZZ_CHECK(found.size() == expected.size(), std::to_string(found.size()) + " records");
  for (size_t i = 0; i < found.size(); ++i) {
    FUZZ_CHECK(found[i] == expected[i], "\"" + found[i] + "\", not \"" + expected[i] + '"');
  }
  return 0;
}
