// What the server told this page about the installation.

const element = document.getElementById('vc-boot');

/** {base, api, code, root, pages, languages, oidc, minPassword} */
export const boot = Object.freeze(JSON.parse(element.textContent));
