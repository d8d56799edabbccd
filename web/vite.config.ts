import {svelte} from '@sveltejs/vite-plugin-svelte';
import {defineConfig} from 'vite';

const isOfPeople = (id: string): boolean => /\/src\/(parts\/people\/|lib\/(people|rights)\.ts)/.test(id);

export default defineConfig({
  plugins: [svelte({compilerOptions: {css: 'external'}})],
  // Relative, so that chunks find each other below any http.prefix.
  base: './',
  server: {proxy: {'/api': 'http://127.0.0.1:5000'}},
  build: {
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      input: 'src/main.ts',
      output: {
        entryFileNames: 'page-[hash].js',
        chunkFileNames: '[name]-[hash].js',
        // What two pages need is one file: each file more is one more wait. What only those of people
        // and rights need is another, for which home does not wait.
        codeSplitting: {groups: [
          {name: 'parts', minShareCount: 2, test: (id: string) => !isOfPeople(id), priority: 2},
          {name: 'people', minShareCount: 2, test: isOfPeople, priority: 1},
        ]},
        assetFileNames: '[name][extname]',
      },
    },
  },
});
