import {svelte} from '@sveltejs/vite-plugin-svelte';
import {defineConfig} from 'vite';

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
        // What two pages need is one file: each file more is one more wait.
        codeSplitting: {groups: [{name: 'parts', minShareCount: 2}]},
        assetFileNames: '[name][extname]',
      },
    },
  },
});
