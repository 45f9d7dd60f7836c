import { lazy, Suspense, type ComponentType } from "react";

/**
 * A part that is loaded when it is first drawn: a dialog behind a button, a card
 * that comes after a form. The screen around it stays as it is meanwhile.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Part = lazy(() => load().then((component) => ({ default: component as ComponentType<object> })));
  return function Later(props: P) {
    return (
      <Suspense fallback={null}>
        <Part {...props} />
      </Suspense>
    );
  };
}
