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

/** Whether the command of these arguments changes the account. The first name is the command; later ones are values. */
export const changesAccount = (argv: ReadonlyArray<string>): boolean =>
  commands.get(argv.find((argument) => commands.has(argument)) ?? "") ?? false
