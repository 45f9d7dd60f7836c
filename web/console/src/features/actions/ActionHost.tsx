import { lazy, Suspense } from "react";
import { useOpenAction } from "./openAction";

const ActionDialog = lazy(() => import("./ActionDialog"));

/** Where the one dialog for actions stands: over whatever screen is open. */
export function ActionHost() {
  const { action, opening } = useOpenAction();
  if (!action) return null;
  return (
    <Suspense fallback={null}>
      <ActionDialog action={action} key={opening} />
    </Suspense>
  );
}
