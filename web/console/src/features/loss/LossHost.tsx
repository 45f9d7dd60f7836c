import { lazy, Suspense } from "react";
import { closeLoss, useOpenLoss } from "./openLoss";

const LossDialog = lazy(() => import("./LossDialog"));
const FoundDialog = lazy(() => import("./FoundDialog"));

/** Where the one dialog about losses stands: over whatever screen is open. */
export function LossHost() {
  const { loss, opening } = useOpenLoss();
  if (!loss) return null;
  const Dialog = loss.found ? FoundDialog : LossDialog;
  return (
    <Suspense fallback={null}>
      <Dialog device={loss.device} onClose={closeLoss} key={opening} />
    </Suspense>
  );
}
