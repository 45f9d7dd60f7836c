import { encode } from "uqr";
import { useMemo } from "react";

interface Props {
  /** What the code says. */
  text: string;
  /** What it is, for those who do not see it. */
  label: string;
  className?: string;
}

// Four modules of white around it: scanners need them (ISO/IEC 18004). It is black
// on white in dark mode too.
const quiet = 4;

/** A QR code as a drawing: sharp in every size, on the screen and on paper. */
export function Qr({ text, label, className }: Props) {
  const { size, path } = useMemo(() => {
    const code = encode(text, { ecc: "M", border: quiet });
    let d = "";
    code.data.forEach((row, y) => row.forEach((black, x) => (d += black ? `M${x} ${y}h1v1h-1z` : "")));
    return { size: code.size, path: d };
  }, [text]);
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} className={className} shapeRendering="crispEdges">
      <path d={`M0 0h${size}v${size}H0z`} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
