/** What an accelerator can do at best, by its maker's data sheet: dense, without sparsity. */
export interface Gpu {
  readonly name: string;
  /** Bytes/s of its memory. */
  readonly bytesPerSec: number;
  /** Operations/s of matrix products in 16 bits (sums in 32) and in 8 bits of floating point; null: it has none. */
  readonly flops16PerSec: number;
  readonly flops8PerSec: number | null;
  /** Where the numbers stand. */
  readonly source: string;
}

/** @param gigabytes a second @param tera16 10^12 operations a second, @param tera8 likewise */
const gpu = (name: string, gigabytes: number, tera16: number, tera8: number | null, source: string): Gpu => ({
  name,
  bytesPerSec: gigabytes * 1e9,
  flops16PerSec: tera16 * 1e12,
  flops8PerSec: tera8 === null ? null : tera8 * 1e12,
  source,
});

/** Accelerators by name. Where a sheet states sparse rates only, half of them stand here. */
const GPUS: readonly Gpu[] = [
  gpu('v100', 900, 125, null, 'NVIDIA V100 Tensor Core GPU datasheet (SXM2)'),
  gpu('t4', 300, 65, null, 'NVIDIA T4 Tensor Core GPU datasheet'),
  gpu('rtx3090', 936, 71, null, 'NVIDIA Ampere GA102 GPU architecture whitepaper'),
  gpu('rtx4090', 1008, 165.2, 330.3, 'NVIDIA Ada GPU architecture whitepaper'),
  gpu('rtx5090', 1792, 209.5, 419, 'NVIDIA RTX Blackwell GPU architecture whitepaper'),
  gpu('rtxpro6000', 1792, 503.8, 1007.6, 'NVIDIA RTX Blackwell PRO GPU architecture whitepaper'),
  gpu('a6000', 768, 154.8, null, 'NVIDIA RTX A6000 datasheet'),
  gpu('a10', 600, 125, null, 'NVIDIA A10 Tensor Core GPU datasheet'),
  gpu('a30', 933, 165, null, 'NVIDIA A30 Tensor Core GPU datasheet'),
  gpu('a40', 696, 149.7, null, 'NVIDIA A40 datasheet'),
  gpu('a100-40gb', 1555, 312, null, 'NVIDIA A100 Tensor Core GPU datasheet'),
  gpu('a100-80gb', 2039, 312, null, 'NVIDIA A100 Tensor Core GPU datasheet (SXM)'),
  gpu('l4', 300, 121, 242.5, 'NVIDIA L4 Tensor Core GPU datasheet'),
  gpu('l40', 864, 181, 362, 'NVIDIA L40 GPU datasheet'),
  gpu('l40s', 864, 362, 733, 'NVIDIA L40S GPU datasheet'),
  gpu('h100-pcie', 2000, 756, 1513, 'NVIDIA H100 Tensor Core GPU datasheet (PCIe)'),
  gpu('h100-nvl', 3900, 835.5, 1670.5, 'NVIDIA H100 Tensor Core GPU datasheet (NVL)'),
  gpu('h100', 3350, 989.4, 1978.9, 'NVIDIA H100 Tensor Core GPU datasheet (SXM)'),
  gpu('h200', 4800, 989.4, 1978.9, 'NVIDIA H200 Tensor Core GPU datasheet (SXM)'),
  gpu('b200', 8000, 2250, 4500, 'NVIDIA HGX B200 datasheet'),
  gpu('mi210', 1638.4, 181, null, 'AMD Instinct MI210 data sheet'),
  gpu('mi300x', 5300, 1307.4, 2614.9, 'AMD Instinct MI300X data sheet'),
  gpu('mi325x', 6000, 1307.4, 2614.9, 'AMD Instinct MI325X data sheet'),
];

/** Names that `gpuNamed` takes. */
export const gpuNames: readonly string[] = GPUS.map(({ name }) => name);

/** An accelerator by its name; undefined where none has it. */
export const gpuNamed = (name: string): Gpu | undefined => GPUS.find((one) => one.name === name);
