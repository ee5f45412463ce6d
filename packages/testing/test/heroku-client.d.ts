/** heroku-client ships no types; these are of what the tests use. */
declare module "heroku-client" {
  class HerokuClient {
    constructor(options: { readonly host: string; readonly token: string })
    get(path: string, options?: object): Promise<unknown>
    post(path: string, options?: object): Promise<unknown>
    patch(path: string, options?: object): Promise<unknown>
    delete(path: string, options?: object): Promise<unknown>
  }
  export = HerokuClient
}
