public import Foundation

/// Where a hub is, who asks, and how patiently.
public struct HubSettings: Sendable {
  /// Scheme, host and port, perhaps a path; without a slash at the end.
  public var endpoint: String
  /// Is sent to the endpoint's own host and to nobody else.
  public var token: String?
  /// The cache that is shared with Python's `huggingface_hub`.
  public var cache: String
  /// No network: only what the cache has.
  public var isOffline: Bool
  /// Files that are fetched at a time.
  public var parallelFiles = 4
  /// Attempts after a failure that brought nothing new.
  public var retries = 5
  /// The pause before the first of them; it doubles each time.
  public var firstPause: Duration = .milliseconds(500)
  /// The longest pause, and the longest that a hub may ask for.
  public var longestPause: Duration = .seconds(120)
  /// The longest silence of a connection.
  public var silence: Duration = .seconds(30)
  public var connectTimeout: Duration = .seconds(10)

  /// A hub by its address.
  public init(endpoint: String = "https://huggingface.co", token: String? = nil, cache: String, isOffline: Bool = false) {
    self.endpoint = endpoint
    self.token = token
    self.cache = cache
    self.isOffline = isOffline
  }

  /// What the environment says, by the variables of Python's client: `HF_ENDPOINT`; `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN` or the file at
  /// `HF_TOKEN_PATH` (`HF_HOME/token`), unless `HF_HUB_DISABLE_IMPLICIT_TOKEN`; `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, or `hub` in
  /// `HF_HOME`, which is `huggingface` in `XDG_CACHE_HOME` or `~/.cache`; `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`;
  /// `HF_HUB_DOWNLOAD_TIMEOUT` in seconds.
  public static func fromEnvironment(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> HubSettings {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func isOn(_ name: String) -> Bool { ["1", "ON", "YES", "TRUE"].contains(environment[name]?.uppercased() ?? "") }
    func expanded(_ path: String) -> String {
      guard path.hasPrefix("~"), let home = value("HOME") else { return (path as NSString).expandingTildeInPath }
      return path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : (path as NSString).expandingTildeInPath
    }
    let home = expanded(value("HF_HOME") ?? (value("XDG_CACHE_HOME") ?? "~/.cache") + "/huggingface")
    let cache = expanded(value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE") ?? home + "/hub")
    var settings = HubSettings(cache: cache, isOffline: isOn("HF_HUB_OFFLINE") || isOn("TRANSFORMERS_OFFLINE"))
    if let endpoint = value("HF_ENDPOINT") { settings.endpoint = endpoint }
    while settings.endpoint.hasSuffix("/") { settings.endpoint.removeLast() }
    if let seconds = value("HF_HUB_DOWNLOAD_TIMEOUT").flatMap({ Int($0) }), seconds > 0 { settings.silence = .seconds(seconds) }
    guard !isOn("HF_HUB_DISABLE_IMPLICIT_TOKEN") else { return settings }
    let file = expanded(value("HF_TOKEN_PATH") ?? home + "/token")
    let text =
      value("HF_TOKEN") ?? value("HUGGING_FACE_HUB_TOKEN")
      ?? FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
    let token = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    if !token.isEmpty { settings.token = token }
    return settings
  }
}
