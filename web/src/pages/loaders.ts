// The pages whose code comes when they are wanted first.
export const loadRepository = () => import('./Repository.svelte');
export const loadHistory = () => import('./History.svelte');
export const loadImage = () => import('./Image.svelte');
export const loadSignIn = () => import('./SignIn.svelte');
export const loadWelcome = () => import('./Welcome.svelte');
export const loadAccount = () => import('./Account.svelte');
export const loadAudit = () => import('./Audit.svelte');
export const loadRights = () => import('./Rights.svelte');
export const loadNamespace = () => import('./Namespace.svelte');
export const loadOrganisations = () => import('./Organisations.svelte');
export const loadUsers = () => import('./Users.svelte');

const loaders: Partial<Record<string, () => Promise<unknown>>> = {
  repository: loadRepository, history: loadHistory, image: loadImage, 'sign-in': loadSignIn,
  welcome: loadWelcome, account: loadAccount, audit: loadAudit, rights: loadRights, namespace: loadNamespace,
  organisations: loadOrganisations, users: loadUsers,
};

// Begins before anybody waits for it; who does hears of a failure.
export function expectPage(page: string): void {
  loaders[page]?.().catch(() => undefined);
}
