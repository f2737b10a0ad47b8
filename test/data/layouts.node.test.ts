import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFilesWith } from '../../src/data/index.ts';
import type { LabeledPictures } from '../../src/data/labeled_pictures.ts';
import torchvision from '../fixtures/torchvision_folders.json';
import { all, csv, labeled, png, some, summary } from './labeled_files.ts';

const ofClasses = (path: string, names: string[], each = 5) =>
  Object.assign({}, ...names.map((name) => some(path, each, (i) => `${name}${i}.jpg`)));

/** Layouts of published data sets, one per line of docs/data.md. */
const layouts: [name: string, files: Record<string, BlobPart>, expected: string, labels?: string][] = [
  ['a folder for each class', all('animals/cat', 'animals/dog'), 'train: cat 2, dog 2'],
  [
    'train and val',
    all('d/train/cat', 'd/train/dog', 'd/val/cat', 'd/val/dog'),
    'train: cat 2, dog 2; validation: cat 2, dog 2',
  ],
  [
    'train, valid and test',
    { ...all('train/a', 'train/b', 'valid/a', 'test/b'), 'README.roboflow.txt': 'x' },
    'train: a 2, b 2; validation: a 2; test: b 2',
  ],
  [
    'splits in the folders of the classes',
    all('cat/train', 'cat/test', 'dog/train', 'dog/test'),
    'train: cat 2, dog 2; test: cat 2, dog 2',
  ],
  [
    'training and testing with digits (mnist_png)',
    all('mnist_png/training/0', 'mnist_png/training/1', 'mnist_png/testing/0'),
    'train: 0 2, 1 2; test: 0 2',
  ],
  [
    'a folder in a folder of the same name (Intel scenes)',
    all('seg_train/seg_train/sea', 'seg_train/seg_train/street', 'seg_test/seg_test/sea'),
    'train: sea 2, street 2; test: sea 2',
  ],
  [
    'folders of macOS next to it (chest X-rays)',
    {
      ...all('chest_xray/train/NORMAL', 'chest_xray/train/PNEUMONIA', 'chest_xray/test/NORMAL'),
      'chest_xray/__MACOSX/train/NORMAL/._1.jpg': 'x',
      'chest_xray/train/.DS_Store': 'x',
    },
    'train: NORMAL 2, PNEUMONIA 2; test: NORMAL 2',
  ],
  [
    'a license next to the classes (flower_photos)',
    { ...all('flower_photos/daisy', 'flower_photos/roses'), 'flower_photos/LICENSE.txt': 'CC-BY' },
    'train: daisy 2, roses 2',
  ],
  [
    'a parent folder that is a number (EuroSAT)',
    all('2750/AnnualCrop', '2750/Forest'),
    'train: AnnualCrop 2, Forest 2',
  ],
  [
    'folders below the classes (Omniglot)',
    all('images_background/Greek/character01', 'images_background/Latin/character02'),
    'train: Greek 2, Latin 2',
  ],
  [
    'people (LFW)',
    { ...some('lfw/Ann_B', 1, () => 'Ann_B_0001.jpg'), ...some('lfw/Cy_D', 2, (i) => `Cy_D_000${i}.jpg`) },
    'train: Ann_B 1, Cy_D 2',
  ],
  [
    'WordNet codes, and a table of noisy labels (Imagenette)',
    {
      ...all('train/n01440764', 'train/n02102040', 'val/n01440764'),
      'noisy_imagenette.csv': csv('path,noisy_labels_0', 'train/n01440764/1.jpg,n02102040'),
    },
    'train: n01440764 2, n02102040 2; validation: n01440764 2',
  ],
  [
    'several test folders (fruits-360)',
    { ...all('Training/Apple 1', 'Training/Pear 2', 'Test/Apple 1'), ...some('test-multiple_fruits') },
    'train: Apple 1 2, Pear 2 2; test: Apple 1 2; unlabeled: 2',
  ],
  [
    'unlabeled test pictures (State Farm)',
    {
      ...all('imgs/train/c0', 'imgs/train/c1'),
      ...some('imgs/test'),
      'driver_imgs_list.csv': csv('subject,classname,img', 'p002,c0,1.jpg'),
    },
    'train: c0 2, c1 2; unlabeled: 2',
  ],
  [
    'classes in the names (dogs-vs-cats)',
    { ...ofClasses('train', ['cat.', 'dog.']), ...some('test1') },
    'train: cat 5, dog 5; unlabeled: 2',
  ],
  [
    'breeds in the names (Oxford-IIIT Pet)',
    ofClasses('images', ['Abyssinian_', 'yorkshire_terrier_']),
    'train: Abyssinian 5, yorkshire_terrier 5',
  ],
  [
    'a table of names and words (dog breeds)',
    {
      ...some('train', 4),
      ...some('test', 5, (i) => `t${i}.jpg`),
      'labels.csv': csv('id,breed', '1,boxer', '2,pug', '3,pug', '4,boxer'),
    },
    'train: boxer 2, pug 2; unlabeled: 5',
  ],
  [
    'a table of codes and numbers (APTOS)',
    {
      ...some('train_images', 4, (i) => `t${i}.png`),
      ...some('test_images', 2, (i) => `u${i}.png`),
      'train.csv': csv('id_code,diagnosis', 't1,0', 't2,4', 't3,0', 't4,2'),
      'test.csv': csv('id_code,x', 'u1,'),
      'sample_submission.csv': csv('id_code,diagnosis', 'u1,0', 'u2,0'),
    },
    'train: 0 2, 2 1, 4 1; unlabeled: 2',
  ],
  [
    'names with file extensions (Cassava)',
    {
      ...some('train_images', 3),
      'train.csv': csv('image_id,label', '1.jpg,0', '2.jpg,3', '3.jpg,3'),
      'label_num_to_disease_map.json': '{}',
    },
    'train: 0 1, 3 2',
  ],
  [
    'tags separated by spaces (Planet)',
    {
      ...some('train-jpg', 3, (i) => `train_${i}.jpg`),
      'train_v2.csv': csv('image_name,tags', 'train_1,clear primary', 'train_2,haze', 'train_3,clear'),
    },
    'train: clear+haze+primary 3',
  ],
  [
    'findings separated by | in several parts (ChestX-ray14)',
    {
      ...some('images_001/images', 2, (i) => `a${i}.png`),
      ...some('images_002/images', 2, (i) => `b${i}.png`),
      'Data_Entry_2017.csv': csv(
        'Image Index,Finding Labels,Follow-up #',
        'a1.png,Edema|Mass,0',
        'a2.png,Mass,1',
        'b1.png,No Finding,0',
        'b2.png,Edema,0',
      ),
    },
    'train: Edema+Mass+No Finding 4',
  ],
  [
    'parts, and a table with many columns (HAM10000)',
    {
      ...some('HAM10000_images_part_1', 2, (i) => `ISIC_${i}.jpg`),
      ...some('HAM10000_images_part_2', 2, (i) => `ISIC_${i + 2}.jpg`),
      'HAM10000_metadata.csv': csv(
        'lesion_id,image_id,dx,dx_type,age',
        'H0,ISIC_1,bkl,histo,80',
        'H0,ISIC_2,bkl,histo,80',
        'H1,ISIC_3,mel,histo,75',
        'H2,ISIC_4,nv,histo,60',
      ),
    },
    'train: bkl 2, mel 1, nv 1',
  ],
  [
    'a list of the validation pictures (Tiny ImageNet)',
    {
      ...all('train/n1/images', 'train/n2/images'),
      'train/n1/n1_boxes.txt': '1.jpg\t0\t0\t9\t9\n',
      ...some('val/images', 3, (i) => `val_${i}.jpg`),
      'val/val_annotations.txt': 'val_1.jpg\tn1\t0\t0\t9\t9\nval_2.jpg\tn2\t0\t0\t9\t9\nval_3.jpg\tn1\t0\t0\t9\t9\n',
      'wnids.txt': 'n1\nn2\n',
    },
    'train: n1 2, n2 2; validation: n1 2, n2 1',
  ],
  [
    'a table of the test pictures (GTSRB)',
    {
      ...all('Train/0', 'Train/1'),
      ...some('Test', 2, (i) => `0000${i}.png`),
      'Test.csv': csv('Width,Height,ClassId,Path', '53,54,1,Test/00001.png', '42,45,0,Test/00002.png'),
      'Train.csv': csv('Width,Height,ClassId,Path', '27,26,0,Train/0/1.jpg'),
      'Meta/0.png': png,
      'Meta/1.png': png,
      'Meta.csv': csv('Path,ClassId,ShapeId', 'Meta/0.png,0,0', 'Meta/1.png,1,0'),
    },
    'train: 0 2, 1 2; test: 0 1, 1 1; unlabeled: 2',
  ],
  [
    'metadata.csv in each split (Hugging Face)',
    {
      ...some('train', 3),
      'train/metadata.csv': csv('file_name,label', '1.jpg,cat', '2.jpg,dog', '3.jpg,dog'),
      ...some('test', 1),
      'test/metadata.csv': csv('file_name,label', '1.jpg,cat'),
    },
    'train: cat 1, dog 2; test: cat 1',
  ],
  [
    'metadata.jsonl (Hugging Face)',
    {
      ...some('data', 3),
      'data/metadata.jsonl':
        '{"file_name": "1.jpg", "label": "cat"}\n{"file_name": "2.jpg", "label": "dog"}\n{"file_name": "3.jpg", "label": "dog"}\n',
    },
    'train: cat 1, dog 2',
  ],
  [
    'lists of paths and numbers (Caffe)',
    {
      ...some('images', 6),
      'train.txt': 'images/1.jpg 0\nimages/2.jpg 1\nimages/3.jpg 1\nimages/4.jpg 0\n',
      'val.txt': 'images/5.jpg 0\nimages/6.jpg 0\nimages/6.jpg 0\n',
    },
    'train: 0 2, 1 2; validation: 0 2',
  ],
  [
    'a column of splits (AutoML)',
    {
      ...some('images', 4),
      'import.csv': csv(
        'TRAIN,gs://bucket/images/1.jpg,cat',
        'TRAIN,gs://bucket/images/2.jpg,dog',
        'TEST,gs://bucket/images/3.jpg,cat',
        'TRAIN,gs://bucket/images/4.jpg,dog',
      ),
    },
    'train: cat 1, dog 2; test: cat 1',
  ],
  [
    'a column called split',
    {
      ...some('all', 4),
      'index.csv': csv(
        'path,class,split',
        'all/1.jpg,a,train',
        'all/2.jpg,b,train',
        'all/3.jpg,a,val',
        'all/4.jpg,b,test',
      ),
    },
    'train: a 1, b 1; validation: a 1; test: b 1',
  ],
  [
    'a column of 0 and 1 for each class (Roboflow)',
    {
      ...some('train', 2),
      'train/_classes.csv': csv('filename, Cat, Dog', '1.jpg, 1, 0', '2.jpg, 1, 1'),
      ...some('valid', 1),
      'valid/_classes.csv': csv('filename, Cat, Dog', '1.jpg, 0, 1'),
    },
    'train: Cat+Dog 2; validation: Cat+Dog 1',
  ],
  [
    'numeric targets',
    { ...some('faces', 2), 'faces/age.csv': csv('file,age (years)', '1.jpg,31.5', '2.jpg,4') },
    'train: age (years) 2',
  ],
  [
    'one of several columns, by its name',
    { ...some('p', 4), 'p.csv': csv('file,color,shape', '1,red,disk', '2,red,disk', '3,blue,box', '4,blue,disk') },
    'train: box 1, disk 3',
    'shape',
  ],
];

describe('published layouts of pictures', () => {
  test.each(layouts)('%s', async (_, files, expected, labels) => {
    expect(summary(await labeled(files, labels))).toBe(expected);
  });

  test('each is a line of docs/data.md, and vice versa', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/data.md'), 'utf8');
    const [, table = ''] = /\n## Folders of pictures\n([\s\S]*?)\n## /.exec(text) ?? [];
    const lines = [...table.split('\n### ')[0]!.matchAll(/^\| ([^|]+?) +\|/gm)]
      .map(([, name]) => name!.replaceAll('`', ''))
      .slice(2);
    expect(lines).toEqual(layouts.map(([name]) => name.replaceAll('|', '/')));
  });
});

describe("the classes of torchvision's ImageFolder", () => {
  const splitOf: Record<string, string> = { '': 'train', train: 'train', val: 'validation', test: 'test' };

  test.each(torchvision.cases.map(({ name, ...rest }) => [name, rest] as const))('%s', async (_, { files, splits }) => {
    const { placed } = await labeled(
      Object.fromEntries(files.map((file) => [file, /\.(txt|json)$/.test(file) ? 'x' : png])),
    );
    for (const [split, { classes, labels }] of Object.entries(splits)) {
      const ours = placed.filter((one) => one.split === splitOf[split]);
      expect([...new Set(ours.map(({ className }) => className))].sort()).toEqual(classes);
      const found = ours.map(({ path, className }) => [path, classes.indexOf(className)] as const);
      expect(Object.fromEntries(found)).toEqual(labels);
    }
  });
});

describe('pictures', () => {
  test('folders whose names differ only in case are two classes, which the report says', async () => {
    const { notes } = await labeled(all('Cat', 'cat', 'dog'));
    expect(notes).toEqual(['classes whose names differ only in case: Cat, cat']);
  });

  test('a name with markup is kept as text', async () => {
    const { placed } = await labeled(all('<img src=x onerror=alert(1)>', 'b'));
    expect(placed[0]!.className).toBe('<img src=x onerror=alert(1)>');
  });

  test('200,000 files', async () => {
    const file = {
      size: png.length,
      arrayBuffer: async () => png.buffer,
      slice: () => ({ arrayBuffer: async () => png.buffer }),
    };
    const files = Array.from({ length: 200_000 }, (_, i) => ({ path: `set/${i % 1000}/${i}.png`, file }));
    let given: LabeledPictures | undefined;
    const reader = async (pictures: LabeledPictures) => {
      given = pictures;
      throw new Error('enough');
    };
    await readFilesWith(reader, files, {}).catch(() => undefined);
    expect(given!.placed).toHaveLength(200_000);
    expect(new Set(given!.placed.map(({ className }) => className)).size).toBe(1000);
  });
});
