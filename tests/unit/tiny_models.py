"""Models of a few thousand random weights in the formats of FLUX.1-schnell and DINOv2, with their tokenizers."""

import json
import string
from pathlib import Path

import torch

from recompose.papers.weighted_composition.rooms.collection.prompts import plain, prompt
from recompose.papers.weighted_composition.rooms.names import CLASSES


def make_flux(folder: Path) -> None:
    """A pipeline that draws 3-channel images of any size that is a multiple of 2."""
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5TokenizerFast

    torch.manual_seed(0)
    text = " ".join(plain(prompt(name)) for name in CLASSES)
    words = sorted(set(text.replace(".", " ").replace(",", " ").split()))
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -20.0), ("▁", -5.0)]
    pieces = [(f"▁{word}", -2.0) for word in words] + [(letter, -10.0) for letter in f"{string.ascii_letters}.,"]
    t5 = T5TokenizerFast(vocab=special + pieces, extra_ids=0)
    letters = [chr(code) for code in range(33, 127)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    clip = CLIPTokenizer(vocab={token: id for id, token in enumerate(tokens)}, merges=[], model_max_length=77)
    small = {"num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 16, "intermediate_size": 16}
    ends = {"bos_token_id": clip.bos_token_id, "eos_token_id": clip.eos_token_id}
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        tokenizer=clip,
        text_encoder=CLIPTextModel(CLIPTextConfig(vocab_size=len(clip), projection_dim=16, **small, **ends)),
        tokenizer_2=t5,
        text_encoder_2=T5EncoderModel(
            T5Config(vocab_size=len(t5), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
        ),
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            axes_dims_rope=(4, 4, 8),
        ),
        vae=AutoencoderKL(
            block_out_channels=(4,),
            latent_channels=1,
            norm_num_groups=1,
            use_quant_conv=False,
            use_post_quant_conv=False,
            shift_factor=0.0,
            scaling_factor=0.2,
        ),
    ).save_pretrained(folder)
    index = folder / "model_index.json"  # names the tokenizer as the published one does
    index.write_text(index.read_text().replace('"T5Tokenizer"', '"T5TokenizerFast"'))


def make_dino(folder: Path) -> None:
    """A transformer on 28 x 28 pixels in patches of 14, with the processor of DINOv2."""
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    config = Dinov2Config(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
    Dinov2Model(config).save_pretrained(folder)
    processor = {
        "image_processor_type": "BitImageProcessor",
        **dict.fromkeys(["do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb"], True),
        "size": {"shortest_edge": 32},
        "crop_size": {"height": 28, "width": 28},
        "resample": 3,
        "rescale_factor": 1 / 255,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
