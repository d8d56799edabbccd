import {speakOfPeople} from '../lib/words.svelte';

// The pages whose code comes when they are wanted first.
export const loadRepository = () => import('./Repository.svelte');
export const loadHistory = () => import('./History.svelte');
export const loadImage = () => import('./Image.svelte');
export const loadSignIn = () => import('./SignIn.svelte');

// Those of people and rights; their words come beside their code.
async function ofPeople<Page>(page: Promise<Page>): Promise<Page> {
  const [made] = await Promise.all([page, speakOfPeople()]);
  return made;
}
export const loadWelcome = () => ofPeople(import('./Welcome.svelte'));
export const loadAccount = () => ofPeople(import('./Account.svelte'));
export const loadAudit = () => ofPeople(import('./Audit.svelte'));
export const loadRights = () => ofPeople(import('./Rights.svelte'));
export const loadNamespace = () => ofPeople(import('./Namespace.svelte'));
export const loadOrganisations = () => ofPeople(import('./Organisations.svelte'));
export const loadUsers = () => ofPeople(import('./Users.svelte'));

const loaders: Partial<Record<string, () => Promise<unknown>>> = {
  repository: loadRepository, history: loadHistory, image: loadImage, 'sign-in': loadSignIn,
  welcome: loadWelcome, account: loadAccount, audit: loadAudit, rights: loadRights, namespace: loadNamespace,
  organisations: loadOrganisations, users: loadUsers,
};

// Begins before anybody waits for it; who does hears of a failure.
export function expectPage(page: string): void {
  loaders[page]?.().catch(() => undefined);
}
