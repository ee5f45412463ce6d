export * from "./budget/service.ts"
