/** From arguments to an exit code: 0 passed, 1 drifted, 2 could not be compared. */
import { type Arguments, commandOf, commands, helpText } from './arguments.js'
import { checkFile, diffFiles, inferContract } from './commands.js'
import { errorLine, Failure } from './failure.js'

/** What the command line has of a process. */
export interface Surroundings {
  version: string
  stdin: AsyncIterable<Uint8Array>
  out: (text: string) => void
  err: (text: string) => void
}

export async function main(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    const args = commandOf(argv)
    if (args.version) around.out(`${around.version}\n`)
    else if (args.help) around.out(helpText)
    else return await run(args, around)
    return 0
  } catch (error) {
    around.err(`drifthook: ${errorLine(error)}\n`)
    return 2
  }
}

function run(args: Arguments, around: Surroundings): Promise<number> {
  switch (args.command) {
    case 'diff':
      return diffFiles(args, around)
    case 'check':
      return checkFile(args, around)
    case 'infer':
      return inferContract(args, around)
    default:
      throw new Failure('USAGE', `Name a command: ${commands.join(', ')}. See drifthook --help.`)
  }
}
