#include "daemon/security/tls_files.h"

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

class TlsFilesTest : public testing::Test {
 protected:
  TlsFilesTest() {
    Write(server_);
    std::ofstream(paths().authorities) << authority_.certificate();
  }
  TlsPaths paths() const {
    return {folder_.PathOf("cert.pem"), folder_.PathOf("key.pem"), folder_.PathOf("ca.pem")};
  }

  void Write(const KeyPair& pair, mode_t mode = 0600) const {
    std::ofstream(paths().certificate) << pair.certificate;
    std::ofstream(paths().key) << pair.key;
    chmod(paths().key.c_str(), mode);
  }

  std::string Error() const {
    const auto material = LoadTlsMaterial(paths(), std::time(nullptr));
    return std::string(material.status().message());
  }

  const Authority authority_;
  const KeyPair server_ = authority_.IssueServer();
  const TempFolder folder_;
};

TEST_F(TlsFilesTest, AreReadAsTheyAre) {
  const auto material = LoadTlsMaterial(paths(), std::time(nullptr));
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->certificate, server_.certificate);
  EXPECT_EQ(material->key, server_.key);
  EXPECT_EQ(material->authorities, authority_.certificate());
  EXPECT_THAT(material->warnings, testing::IsEmpty());
  EXPECT_NEAR(material->certificate_not_after_unix_seconds, std::time(nullptr) + 24 * 3'600, 60);
}

TEST_F(TlsFilesTest, HalfAPairIsRefused) {
  const KeyPair other = authority_.IssueServer();
  std::ofstream(paths().certificate) << other.certificate;
  EXPECT_EQ(Error(), paths().key + ": is not the key of " + paths().certificate);
  std::ofstream(paths().key) << other.key;
  EXPECT_EQ(Error(), "");
}

TEST_F(TlsFilesTest, AHalfWrittenFileIsRefused) {
  for (const std::string& path : {paths().certificate, paths().key, paths().authorities}) {
    std::ifstream in(path);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    for (const size_t size : {size_t{0}, whole.size() / 2, whole.size() - 10}) {
      std::ofstream(path) << whole.substr(0, size);
      EXPECT_THAT(Error(), testing::StartsWith(path + ": ")) << size;
    }
    std::ofstream(path) << whole;
    EXPECT_EQ(Error(), "");
  }
}

TEST_F(TlsFilesTest, TheSecondCertificateCountsToo) {
  std::ofstream(paths().authorities, std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(Error(), HasSubstr("certificate 2 cannot be read"));
}

TEST_F(TlsFilesTest, MissingFilesAreNamed) {
  std::filesystem::remove(paths().key);
  EXPECT_EQ(Error(), paths().key + ": cannot be read: No such file or directory");
  std::filesystem::create_directory(paths().key);
  EXPECT_EQ(Error(), paths().key + ": is not a file; expected PEM");
}

TEST_F(TlsFilesTest, AKeyThatEverybodyCanReadIsRefused) {
  for (const mode_t mode : {0604, 0644, 0666, 0602, 0620}) {
    Write(server_, mode);
    EXPECT_THAT(Error(), HasSubstr("is a private key with mode 0")) << mode;
  }
  Write(server_, 0640);
  const auto material = LoadTlsMaterial(paths(), std::time(nullptr));
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_THAT(material->warnings, testing::ElementsAre(HasSubstr("its group can read")));
  Write(server_, 0400);
  EXPECT_EQ(Error(), "");
}

TEST_F(TlsFilesTest, CertificatesOfAnotherTimeAreRefused) {
  Write(authority_.Issue({.names = {"DNS:localhost"}, .not_after_seconds = -60}));
  EXPECT_THAT(Error(), HasSubstr(paths().certificate + ": expired at 20"));
  Write(authority_.Issue({.names = {"DNS:localhost"}, .not_before_seconds = 3'600}));
  EXPECT_THAT(Error(), HasSubstr(paths().certificate + ": is not valid before 20"));
}

TEST_F(TlsFilesTest, MessagesHoldNothingOfTheKey) {
  std::ofstream(paths().key) << "secret" << server_.key.substr(0, 100);
  EXPECT_THAT(Error(), HasSubstr("has no private key"));
  EXPECT_THAT(Error(), testing::Not(HasSubstr("secret")));
}

TEST_F(TlsFilesTest, AClientMayHaveNoCertificate) {
  const auto material = LoadClientTlsMaterial({"", "", paths().authorities}, std::time(nullptr));
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->certificate, "");
  EXPECT_EQ(material->authorities, authority_.certificate());
}

}  // namespace
}  // namespace fleetmeter
