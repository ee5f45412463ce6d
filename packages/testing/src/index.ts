export * as AuthorizationContract from "./AuthorizationContract.ts"
export * as FakeHeroku from "./FakeHeroku.ts"
export * as FaultInjection from "./FaultInjection.ts"
export * as MemoryAuthorizationService from "./MemoryAuthorizationService.ts"
