// The pages whose code comes when they are wanted first.
export const loadRepository = () => import('./Repository.svelte');
export const loadHistory = () => import('./History.svelte');
export const loadImage = () => import('./Image.svelte');
export const loadSignIn = () => import('./SignIn.svelte');

const loaders: Partial<Record<string, () => Promise<unknown>>> = {
  repository: loadRepository, history: loadHistory, image: loadImage, 'sign-in': loadSignIn,
};

// Begins before anybody waits for it; who does hears of a failure.
export function expectPage(page: string): void {
  loaders[page]?.().catch(() => undefined);
}
