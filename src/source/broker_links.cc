#include "source/broker_links.h"

#include <sys/eventfd.h>
#include <sys/poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"

namespace source {
namespace {

base::MonotonicTime Now() { return base::Clock::System().Monotonic(); }

}  // namespace

bool Link::Ask(Api api, Asked what, const std::function<std::string(const RequestHeader&)>& encode,
               std::chrono::milliseconds patience) {
  const auto now = Now();
  const auto version = connection.VersionOf(api, what.most_version);
  if (!connection.CanSend(now) || !version) return false;
  const RequestHeader header = connection.NextHeader(api, *version);
  asked.push_back(std::move(what));
  connection.Send(header, encode(header), patience, now);
  return true;
}

BrokerLinks::BrokerLinks(const DirectSettings* settings, TlsContext* tls)
    : settings_(settings), tls_(tls), wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHECK(wake_fd_ >= 0);
}

BrokerLinks::~BrokerLinks() { ::close(wake_fd_); }

void BrokerLinks::SetNodes(const std::vector<BrokerNode>& nodes) {
  nodes_ = nodes;
  const auto id_of = [&](const HostPort& address) {
    for (const auto& node : nodes_)
      if (node.host == address.host && node.port == address.port) return node.id;
    return -1;
  };
  for (auto& link : links_) link->id = id_of(link->connection.address());
  std::erase_if(links_, [](const auto& link) { return link->id < 0 && link->asked.empty(); });
}

void BrokerLinks::KeepBootstrap() {
  for (const auto& link : links_)
    if (link->connection.ready() || (link->id >= 0 && !link->connection.trouble())) return;
  for (const auto& address : settings_->bootstrap) {
    const bool there = std::any_of(links_.begin(), links_.end(), [&](const auto& link) { return link->connection.address() == address; });
    if (!there) links_.push_back(std::make_unique<Link>(settings_, tls_, address, -1));
  }
}

Link* BrokerLinks::To(int32_t id) {
  for (auto& link : links_)
    if (link->id == id) return link.get();
  for (const auto& node : nodes_) {
    if (node.id != id) continue;
    links_.push_back(std::make_unique<Link>(settings_, tls_, HostPort{node.host, node.port}, id));
    return links_.back().get();
  }
  return nullptr;
}

Link* BrokerLinks::AnyReady() {
  for (auto& link : links_)
    if (link->connection.ready()) return link.get();
  return nullptr;
}

void BrokerLinks::StepAll() {
  const auto now = Now();
  for (auto& link : links_) link->connection.Step(now);
}

bool BrokerLinks::Wait(base::MonotonicTime until) {
  std::vector<pollfd> waiting{{wake_fd_, POLLIN, 0}};
  for (const auto& link : links_) {
    until = std::min(until, link->connection.deadline());
    if (link->connection.HasBuffered()) until = base::MonotonicTime::min();
    if (link->connection.socket() >= 0) waiting.push_back({link->connection.socket(), link->connection.events(), 0});
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(until, Now()) - Now());
  ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
  if (waiting[0].revents == 0) return false;
  uint64_t count = 0;
  return ::read(wake_fd_, &count, sizeof count) == sizeof count;
}

void BrokerLinks::Wake() {
  const uint64_t one = 1;
  // It cannot fail but for a counter that is full, and then it is readable already.
  if (::write(wake_fd_, &one, sizeof one) != sizeof one) return;
}

}  // namespace source
