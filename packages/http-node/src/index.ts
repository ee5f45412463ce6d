export * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
export * as NodeAuthorizationService from "./NodeAuthorizationService.ts"
