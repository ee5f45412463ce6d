export * as AccountClients from "./AccountClients.ts"
export * as HerokuCredentials from "./HerokuCredentials.ts"
export * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
export * as NodeAuthorizationService from "./NodeAuthorizationService.ts"
export * as RequestBudget from "./RequestBudget.ts"
export * as TokenOwner from "./TokenOwner.ts"
// Without `RedisRateLimiter`: it loads the package `redis`, which most programs do not install.
