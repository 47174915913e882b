import Foundation
import HTTPTypes
import MartletCore
import Web

/// `GET /admin/cost`: compute time, memory and money, by model, version and caller, since the server began.
///
/// Compute time is the time of calls, of which every request has the share of its items; a call on several cores counts once, as the time
/// that it kept its instance busy. Memory is the whole process's, and is paid for as long as it runs, used or not.
struct CostEndpoint: Sendable {
  let models: ModelRepository
  let ledger: CostLedger
  let prices: PriceSettings?

  func reply() -> Reply { Reply { $0.value(document()) } }

  func document(now: Date = Date()) -> JSONValue {
    let accounts = ledger.accounts
    var byModel: [[String]: CostLedger.Figures] = [:], byCaller: [[String]: CostLedger.Figures] = [:]
    for (account, figures) in accounts {
      byModel[[account.model, account.version], default: .init()].add(figures)
      byCaller[[account.name, account.credential], default: .init()].add(figures)
    }
    let models = byModel.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, figures in
      entry(["model": .string(key[0]), "version": .string(key[1]), "batching": batching(key[0], key[1])], figures)
    }
    let callers = byCaller.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, figures in
      entry(["name": .string(key[0]), "credential": .string(key[1])], figures)
    }
    let sorted = accounts.sorted { ($0.key.model, $0.key.version, $0.key.credential) < ($1.key.model, $1.key.version, $1.key.credential) }
    let all = sorted.map { account, figures in
      let members: [String: JSONValue] = [
        "model": .string(account.model), "version": .string(account.version), "name": .string(account.name),
        "credential": .string(account.credential),
      ]
      return entry(members, figures)
    }
    let hours = max(0, now.timeIntervalSince(ProcessFigures.startTime)) / 3600
    var document: [String: JSONValue] = ["since": .string(ProcessFigures.startTime.ISO8601Format()), "hours": .double(hours)]
    document["currency"] = (prices?.currency).map { .string($0) } ?? .null
    document["process"] = process(hours: hours)
    document["models"] = .array(models)
    document["callers"] = .array(callers)
    document["accounts"] = .array(all)
    return .object(document)
  }

  private func process(hours: Double) -> JSONValue {
    let memory = ProcessFigures.residentBytes ?? 0
    let seconds = ProcessFigures.processorSeconds
    var members: [String: JSONValue] = ["processor_seconds": .double(seconds), "memory_bytes": .int(memory)]
    members["processor_cost"] = money(seconds)
    members["memory_cost"] = prices.map { .double(Double(memory) / 1e9 * hours * $0.gigabyteHour) } ?? .null
    return .object(members)
  }

  private func entry(_ members: [String: JSONValue], _ figures: CostLedger.Figures) -> JSONValue {
    var members = members
    members["requests"] = .int(figures.pieces)
    members["items"] = .int(figures.items)
    members["compute_seconds"] = .double(figures.seconds)
    members["cost"] = money(figures.seconds)
    return .object(members)
  }

  private func money(_ seconds: Double) -> JSONValue { prices.map { .double(seconds / 3600 * $0.coreHour) } ?? .null }

  /// What it would save if every call were as large as the largest, or `null` where the calls do not tell.
  private func batching(_ name: String, _ version: String) -> JSONValue {
    guard let runner = models.versions(of: name).first(where: { $0.model.version == version }),
      let estimate = BatchEstimate(
        runner.metrics.snapshot.statistics.batches.mapValues {
          (calls: Double($0.computeInfer.count), seconds: Double($0.computeInfer.nanoseconds) / 1e9)
        })
    else { return .null }
    return [
      "seconds_per_item": .double(estimate.secondsPerItem), "batch_items": .int(estimate.batchItems),
      "seconds_per_item_then": .double(estimate.secondsPerItemAtBest), "saving": .double(estimate.saving),
    ]
  }
}
