// What the dashboard uses of lit-html 3.3.3, for the type checker only.
export interface TemplateResult { readonly strings: TemplateStringsArray; readonly values: unknown[] }
export function html(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export function svg(strings: TemplateStringsArray, ...values: unknown[]): TemplateResult;
export function render(value: unknown, container: HTMLElement | DocumentFragment): unknown;
export const nothing: unique symbol;
export const noChange: unique symbol;
export function repeat<T>(items: Iterable<T>, key: (item: T, index: number) => unknown, template: (item: T, index: number) => unknown): unknown;
export function live(value: unknown): unknown;
export function keyed(key: unknown, value: unknown): unknown;
export function ifDefined(value: unknown): unknown;
export interface Ref<T = Element> { readonly value?: T }
export function createRef<T = Element>(): Ref<T>;
export function ref(target: Ref<any> | ((element: Element | undefined) => void)): unknown;
