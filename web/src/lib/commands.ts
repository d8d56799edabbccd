// Commands of registry clients, with this host's name filled in.
import {host, isLocal, isPlain, keep, recall} from './setting';

export const tools = ['docker', 'podman', 'nerdctl', 'ctr', 'skopeo', 'crane', 'oras', 'helm'] as const;
// What pulls things that are no images.
export const artifactTools: readonly Tool[] = ['oras', 'skopeo', 'crane', 'helm'];

export type Tool = (typeof tools)[number];

export function preferredTool(): Tool {
  return tools.find((tool) => tool === recall('tool')) ?? 'docker';
}

export function preferTool(tool: Tool): void {
  keep('tool', tool);
}

// What the tool wants to be told before it talks plain HTTP to `host`. docker trusts its own machine.
const plainFlags: Record<Tool, string> = {
  docker: '', podman: ' --tls-verify=false', nerdctl: ' --insecure-registry', ctr: ' --plain-http',
  skopeo: ' --src-tls-verify=false', crane: ' --insecure', oras: ' --plain-http', helm: ' --plain-http',
};

const flag = (tool: Tool): string => (isPlain ? plainFlags[tool] : '');

// docker has no flag for it: its daemon's configuration names such registries.
export const needsDaemonSetting = (tool: Tool): boolean => tool === 'docker' && isPlain && !isLocal;
export const daemonSetting = `{"insecure-registries": ["${host}"]}`;

// What stands in a command is read by a shell. Names, tags and digests need no quotes.
function reference(name: string, at: string): string {
  return `${host}/${name}${at.includes(':') ? '@' : ':'}${at}`;
}

export function pull(tool: Tool, name: string, at: string): string {
  const full = reference(name, at);
  switch (tool) {
    case 'docker':
      return `docker pull ${full}`;
    case 'podman':
      return `podman pull${flag(tool)} ${full}`;
    case 'nerdctl':
      return `nerdctl${flag(tool)} pull ${full}`;
    case 'ctr':
      return `ctr images pull${flag(tool)} ${full}`;
    case 'skopeo':
      return `skopeo copy${flag(tool)} docker://${full} dir:${name.split('/').at(-1)}`;
    case 'crane':
      return `crane${flag(tool)} pull ${full} image.tar`;
    case 'oras':
      return `oras pull${flag(tool)} ${full}`;
    case 'helm':
      return at.includes(':') ? `helm pull${flag(tool)} oci://${full}`
                              : `helm pull${flag(tool)} oci://${host}/${name} --version ${at}`;
  }
}

// The commands that bring a first image here.
export function firstPush(tool: Tool, needsSignIn: boolean, namespace = 'library'): string[] {
  const target = `${host}/${namespace}/hello:1`;
  const scheme = isPlain ? plainFlags[tool] : '';
  const login: Record<Tool, string> = {
    docker: `docker login ${host}`, podman: `podman login${scheme} ${host}`, nerdctl: `nerdctl${scheme} login ${host}`,
    ctr: '', skopeo: `skopeo login${isPlain ? ' --tls-verify=false' : ''} ${host}`, crane: `crane auth login ${host}`,
    oras: `oras login${scheme} ${host}`, helm: `helm registry login${scheme} ${host}`,
  };
  const steps: Record<Tool, string[]> = {
    docker: ['docker pull hello-world', `docker tag hello-world ${target}`, `docker push ${target}`],
    podman: ['podman pull docker.io/library/hello-world', `podman tag hello-world ${target}`, `podman push${scheme} ${target}`],
    nerdctl: ['nerdctl pull hello-world', `nerdctl tag hello-world ${target}`, `nerdctl${scheme} push ${target}`],
    ctr: ['ctr images pull docker.io/library/hello-world:latest',
          `ctr images tag docker.io/library/hello-world:latest ${target}`,
          `ctr images push${needsSignIn ? ' --user NAME' : ''}${scheme} ${target}`],
    skopeo: [`skopeo copy --all${isPlain ? ' --dest-tls-verify=false' : ''} docker://hello-world docker://${target}`],
    crane: [`crane${scheme} copy hello-world ${target}`],
    oras: ['echo hello > hello.txt', `oras push${scheme} ${target} hello.txt`],
    helm: ['helm create hello', 'helm package hello', `helm push${scheme} hello-0.1.0.tgz oci://${host}/${namespace === 'library' ? 'charts' : namespace}`],
  };
  return needsSignIn && login[tool] !== '' ? [login[tool], ...steps[tool]] : steps[tool];
}
