import Commands
import Martlet

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

exit(await Commands.execute(arguments: Array(CommandLine.arguments.dropFirst()), engine: MartletEngine()))
