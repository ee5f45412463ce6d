/** Which commands change the account. */
const commands: ReadonlyMap<string, boolean> = new Map([
  ["list", false],
  ["info", false],
  ["audit", false],
  ["find", false],
  ["export", false],
  ["create", true],
  ["update", true],
  ["revoke", true],
  ["rotate", true]
])

/** The command of these arguments: the first name of one. Later ones are values. */
export const commandOf = (argv: ReadonlyArray<string>): string | undefined =>
  argv.find((argument) => commands.has(argument))

/** Whether the command of these arguments changes the account. */
export const changesAccount = (argv: ReadonlyArray<string>): boolean => commands.get(commandOf(argv) ?? "") ?? false
