#pragma once
// BrokerLinks: the connections of one reader, by broker, with what was asked on each, and the one place that waits.
//
// Threads: one owner; Wake is for any. Owns: connections, an eventfd. Borrows: settings, TLS context.

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "source/connection.h"

namespace source {

// A partition as it was asked for in a fetch; its answer counts only while the partition's generation is the same.
struct FetchAsked {
  int32_t partition;
  int generation;
};

struct Asked {
  enum class What { kMetadata, kFetch, kEarliest, kLatest, kEpoch } what;
  int32_t partition = -1;              // but for kMetadata and kFetch
  int generation = 0;
  std::vector<FetchAsked> partitions;  // kFetch
  int16_t most_version = INT16_MAX;
};

struct Link {
  Link(const DirectSettings* settings, TlsContext* tls, HostPort address, int32_t node_id)
      : connection(settings, tls, std::move(address)), id(node_id) {}
  BrokerConnection connection;
  int32_t id;                  // -1: known from the bootstrap list only
  std::deque<Asked> asked;     // in the order of the connection's requests
  int generation = 0;          // of the connection, as last seen
  bool fetching = false;

  // Sends a request made by `encode`, which gets its header; false when the link cannot or the broker has no such version.
  bool Ask(Api api, Asked what, const std::function<std::string(const RequestHeader&)>& encode,
           std::chrono::milliseconds patience = {});
};

class BrokerLinks {
 public:
  BrokerLinks(const DirectSettings* settings, TlsContext* tls);
  ~BrokerLinks();

  // The cluster's brokers: links to others end, known ones get their ids.
  void SetNodes(const std::vector<BrokerNode>& nodes);
  // Links to the bootstrap servers, while no other is ready or on its way.
  void KeepBootstrap();
  // The link to a broker, made when it is not there; nullptr for an unknown id.
  Link* To(int32_t id);
  Link* AnyReady();
  std::vector<std::unique_ptr<Link>>& all() { return links_; }

  // Lets every connection go on, then waits until one can again, until `until` or a Wake; true when it was woken.
  bool Wait(base::MonotonicTime until);
  void StepAll();
  void Wake();

 private:
  const DirectSettings* const settings_;
  TlsContext* const tls_;
  std::vector<BrokerNode> nodes_;
  std::vector<std::unique_ptr<Link>> links_;
  int wake_fd_;
};

}  // namespace source
