// freshet: the command line.

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

#include <CLI/CLI.hpp>

#include "base/log.h"
#include "server/server.h"
#include "store/store.h"

namespace {

int Fail(const base::Status& status) {
  std::fprintf(stderr, "freshet: %s\n", status.message().c_str());
  if (!status.detail().empty()) std::fprintf(stderr, "DETAIL:  %s\n", status.detail().c_str());
  if (!status.hint().empty()) std::fprintf(stderr, "HINT:  %s\n", status.hint().c_str());
  return 1;
}

// What the command line says of one subcommand, beside its own arguments.
struct SettingFlags {
  std::string config;
  std::map<std::string, std::string> values;  // as given
};

void AddSettingFlags(CLI::App* command, SettingFlags* flags) {
  command->add_option("--config", flags->config, "configuration file (TOML)")->envname("FRESHET_CONFIG");
  for (const auto& row : server::SettingTable()) {
    std::string flag = "--";
    for (const char* c = row.name; *c; ++c) flag.push_back(*c == '_' ? '-' : *c);
    const std::string name = row.name;
    std::string help = std::string(row.description) + " [" + (*row.default_text ? row.default_text : "none") + "]";
    command->add_option_function<std::string>(flag, [flags, name](const std::string& v) { flags->values[name] = v; }, help);
  }
}

base::Result<server::Settings> ReadSettings(const SettingFlags& flags) {
  server::Settings settings;
  if (!flags.config.empty()) {
    ASSIGN_OR_RETURN(auto values, server::ReadSettingsFile(flags.config));
    base::Status status = server::ApplySettings(values, &settings);
    if (!status.ok()) return std::move(status).WithContext(flags.config);
  }
  RETURN_IF_ERROR(server::ApplySettings(server::ReadEnvironment(), &settings));
  RETURN_IF_ERROR(server::ApplySettings(flags.values, &settings));
  return settings;
}

base::Level LevelOf(const std::string& name) {
  if (name == "debug") return base::Level::kDebug;
  if (name == "warning") return base::Level::kWarning;
  return name == "error" ? base::Level::kError : base::Level::kInfo;
}

int Run(const SettingFlags& flags, const std::vector<std::string>& files) {
  auto settings = ReadSettings(flags);
  if (!settings.ok()) return Fail(settings.status());
  base::SetLogLevel(LevelOf(settings->log_level));
  // Signals are taken by sigwait below; every thread made from here on has them blocked.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auto started = server::Server::Start(*settings, {files.begin(), files.end()});
  if (!started.ok()) return Fail(started.status());
  int signal = 0;
  sigwait(&signals, &signal);
  base::Log(base::Level::kInfo, "server", "stopping", {{"signal", strsignal(signal)}});
  (*started)->Stop();
  return 0;
}

int Check(const SettingFlags& flags) {
  auto settings = ReadSettings(flags);
  if (!settings.ok()) return Fail(settings.status());
  store::StoreOptions options;
  options.data_dir = settings->data_dir;
  auto report = store::Store::Check(options);
  if (!report.ok()) return Fail(report.status());
  for (const auto& fact : report->facts) std::printf("%s\n", fact.c_str());
  for (const auto& problem : report->problems) std::printf("PROBLEM: %s\n", problem.c_str());
  std::printf(report->problems.empty() ? "the store is sound\n" : "%zu problems\n", report->problems.size());
  return report->problems.empty() ? 0 : 1;
}

base::Result<std::string> FirstLine(const std::filesystem::path& file, const char* hint) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) return base::NotFound("cannot read " + file.string()).WithHint(hint);
  return line;
}

int Psql(const SettingFlags& flags, const std::vector<std::string>& arguments) {
  auto settings = ReadSettings(flags);
  if (!settings.ok()) return Fail(settings.status());
  const auto address = FirstLine(server::AddressFile(*settings), "Is the server running, and is --data-dir its data directory?");
  if (!address.ok()) return Fail(address.status());
  const auto password = FirstLine(server::PasswordFile(*settings), "Only the server's own system user may read it.");
  if (!password.ok()) return Fail(password.status());
  const size_t colon = address->rfind(':');
  setenv("PGHOST", address->substr(0, colon).c_str(), 1);
  setenv("PGPORT", address->substr(colon + 1).c_str(), 1);
  setenv("PGUSER", "freshet", 1);
  setenv("PGPASSWORD", password->c_str(), 1);
  setenv("PGDATABASE", settings->database.c_str(), 1);
  std::vector<char*> argv{const_cast<char*>("psql")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp("psql", argv.data());
  return Fail(base::NotFound("cannot start psql").WithHint("Install Debian's package postgresql-client."));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Freshet: Kafka topics to live SQL views and dashboards, in one process."};
  app.name("freshet");
  app.set_version_flag("--version", server::VersionText(), "what this program is and what it is made of");
  app.require_subcommand(1);
  app.footer("Run `freshet COMMAND --help` for the options of a command. Settings may also stand in the configuration\n"
             "file (names with underscores) and the environment (FRESHET_DATA_DIR ...); the command line wins.");

  SettingFlags flags;
  std::vector<std::string> files, psql_arguments;
  auto* run = app.add_subcommand("run", "run the server, with the definitions of the pipeline files");
  AddSettingFlags(run, &flags);
  run->add_option("pipeline.sql", files, "pipeline files, applied in order; each as a whole or not at all")->check(CLI::ExistingFile);
  auto* check = app.add_subcommand("check", "verify the store of a server that is not running");
  AddSettingFlags(check, &flags);
  auto* psql = app.add_subcommand("psql", "open psql as the administrator; what stands after -- is passed on");
  AddSettingFlags(psql, &flags);
  psql->add_option("arguments", psql_arguments, "arguments for psql");
  CLI11_PARSE(app, argc, argv);

  if (run->parsed()) return Run(flags, files);
  if (check->parsed()) return Check(flags);
  return Psql(flags, psql_arguments);
}
