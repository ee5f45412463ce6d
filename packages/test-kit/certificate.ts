/** A certificate for servers of tests, created with `openssl` when the first test needs it. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tls from "node:tls"

/**
 * Whether tests over TLS are skipped, as in `describe.skipIf(isOpensslMissing)`. CI never skips them: a missing `openssl`
 * fails there.
 */
export const isOpensslMissing: boolean = process.env["CI"] !== "true" &&
  spawnSync("openssl", ["version"]).error !== undefined

/** The end of the title of skipped tests. */
export const skipNote: string = isOpensslMissing ? " (skipped: openssl is not installed)" : ""

export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Creates a certificate for this machine and for all hosts under `.test`, which no authority signed. */
export const makeCertificate = (): Certificate => {
  const directory = mkdtempSync(join(tmpdir(), "certificate-"))
  const [keyFile, certFile] = [join(directory, "key.pem"), join(directory, "cert.pem")]
  const names = "subjectAltName=DNS:localhost,DNS:api.heroku.test,IP:127.0.0.1"
  const files = ["-keyout", keyFile, "-out", certFile]
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  try {
    execFileSync(
      "openssl",
      ["req", "-x509", ...key, ...files, "-days", "2", "-subj", "/CN=localhost", "-addext", names],
      { stdio: "ignore" }
    )
    return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Creates a certificate that this process trusts. */
export const makeTrustedCertificate = (): Certificate => {
  const certificate = makeCertificate()
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), certificate.cert])
  return certificate
}
