import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the program knows about the terminal it writes to.
public enum Terminal {
  /// Standard error is a terminal that a progress bar may redraw.
  public static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  /// Colours are wanted: a terminal, and `NO_COLOR` is not set.
  public static var hasColour: Bool { isInteractive && ProcessInfo.processInfo.environment["NO_COLOR"] == nil }

  /// Columns of the terminal behind standard error, 80 where there is none.
  public static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes text to standard error: progress and logs go there, results to standard output.
  public static func note(_ text: String, terminator: String = "\n") {
    FileHandle.standardError.write(Data((text + terminator).utf8))
  }
}
