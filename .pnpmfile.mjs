/** Installs the official command line for a test, without the two thirds of its packages that the test does not load. */
const loaded = {
  heroku: ["@heroku-cli/command", "@heroku/heroku-cli-util", "@oclif/core", "date-fns", "debug", "fs-extra", "netrc-parser", "yaml"],
  "@heroku-cli/command": ["@heroku/http-call", "@heroku/js-blanket", "@oclif/core", "@sentry/node", "ansis", "debug", "execa"],
  "@heroku/heroku-cli-util": [
    "@heroku-cli/command",
    "@oclif/core",
    "@oclif/table",
    "ansis",
    "debug",
    "natural-orderby",
    "printf",
    "tsheredoc"
  ]
}

const omit = (object, isOmitted) => Object.fromEntries(Object.entries(object).filter(([name]) => !isOmitted(name)))

/** Without this, the telemetry of the command line becomes a peer of the packages that this repository uses. */
const isForeignPeer = (name) => name === "@opentelemetry/api"

export const hooks = {
  readPackage: (manifest) => {
    const names = loaded[manifest.name]
    if (names !== undefined) {
      return { ...manifest, dependencies: omit(manifest.dependencies, (name) => !names.includes(name)) }
    }
    if (!manifest.peerDependenciesMeta?.["@opentelemetry/api"]?.optional) return manifest
    return {
      ...manifest,
      peerDependencies: omit(manifest.peerDependencies, isForeignPeer),
      peerDependenciesMeta: omit(manifest.peerDependenciesMeta, isForeignPeer)
    }
  }
}
