import Foundation

/// A connection without an HTTP client in between, on a thread of its own.
enum RawClient {
  /// Sends the pieces with pauses between them and returns all that comes back until the other side closes, or the time is over; then the
  /// text says so at its end.
  /// - Parameter window: bytes that the system takes in before they are read; `nil` leaves it to the system.
  static func exchange(
    port: Int, _ pieces: [String], pause: Duration = .zero, repeatLast: Int = 1, window: Int32? = nil
  ) async -> String {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: talk(port, pieces, pause, repeatLast, window)) }
    }
  }

  /// Sends a request, waits, and closes the connection without reading an answer.
  static func leave(port: Int, _ request: String, after: @escaping @Sendable () -> Bool) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let handle = connected(to: port)
        let bytes = Array(request.utf8)
        _ = send(handle, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        while !after() { usleep(1000) }
        close(handle)
        continuation.resume()
      }
    }
  }

  /// A connection, or -1.
  private static func connected(to port: Int, window: Int32? = nil) -> Int32 {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var window { setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size)) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    if result == 0 { return handle }
    close(handle)
    return -1
  }

  private static func talk(_ port: Int, _ pieces: [String], _ pause: Duration, _ repeatLast: Int, _ window: Int32?) -> String {
    let handle = connected(to: port, window: window)
    guard handle >= 0 else { return "no connection" }
    defer { close(handle) }
    var timeout = timeval(tv_sec: 8, tv_usec: 0)
    setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    outer: for (index, piece) in pieces.enumerated() {
      let bytes = Array(piece.utf8)
      for _ in 0..<(index == pieces.count - 1 ? repeatLast : 1) {
        guard send(handle, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { break outer }
        if pause > .zero { usleep(useconds_t(pause.components.attoseconds / 1_000_000_000_000)) }
      }
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(handle, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN { answer += Array("(still open)".utf8) }
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
