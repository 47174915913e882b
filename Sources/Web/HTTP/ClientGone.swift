import NIOCore
import NIOHTTP1

/// Errors that mean that the connection is of no use any more, so that nobody is there to read an answer.
package enum ClientGone {
  package static func explains(_ error: any Error) -> Bool {
    error is HTTPParserError || error is ChannelError || error is IOError || error is CancellationError || error is ClientLeft
      || error is NIOAsyncWriterError
  }
}
